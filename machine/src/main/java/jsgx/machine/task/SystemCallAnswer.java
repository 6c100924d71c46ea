package jsgx.machine.task;

import java.util.function.LongUnaryOperator;

/** What becomes of a system call that the filter picked. */
public sealed interface SystemCallAnswer {

    /** The kernel executes it as it is. */
    record Proceed() implements SystemCallAnswer {}

    /**
     * The kernel executes it as it is, however long that takes, and other threads are served meanwhile. Then the thread is stopped once more, before it
     * sees what came of it.
     *
     * @param then is given what the kernel returned, and returns what the program finds; it may use {@link Task#systemCall}. It
     *     is not called where the call does not return, or where a signal interrupts it and it will be made again (-512 to -516, as ptrace sees them).
     */
    record ProceedThen(LongUnaryOperator then) implements SystemCallAnswer {}

    /**
     * It is not executed: a thread inside an enclave made it, where SYSCALL is undefined. The thread's registers are those after an asynchronous exit.
     *
     * @param answer what becomes of the thread
     */
    record Fault(FaultAnswer answer) implements SystemCallAnswer {}

    /** It is not executed: a signal that waits comes first. Then it is made again, or ends with -EINTR, as the signal's action says (-ERESTARTSYS). */
    record Interrupted() implements SystemCallAnswer {}

    /** It is not executed, or was by {@link Task#systemCall}; the program finds this result, a negated errno where it failed. */
    record Result(long value) implements SystemCallAnswer {}
}
