package jsgx.machine.program;

import jsgx.machine.task.SystemCallAnswer;

/** The system calls of one thread. */
final class SystemCalls {

    private static final SystemCallAnswer PROCEED = new SystemCallAnswer.Proceed();

    SystemCalls(ProgramThread thread) {}

    SystemCallAnswer serve(int number, long[] arguments) {
        return PROCEED;
    }
}
