package jsgx.machine.fast;

import java.lang.foreign.MemorySegment;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.SystemCall;

/**
 * The signal actions of a process as its program sees them. The kernel has the stub as the handler of every signal that the program
 * handles, and of those that the supervision needs. Threads that serve the process's threads share it.
 */
final class SignalActions {

    private static final int SIGNALS = 64;

    private final SignalAction[] actions = new SignalAction[SIGNALS + 1];
    private final long stubHandler;

    /**
     * The actions of a new program.
     *
     * @param stubHandler the address of the stub's handler
     * @param ignored the signals that its process ignored before
     */
    SignalActions(long stubHandler, long ignored) {
        this.stubHandler = stubHandler;
        for (int signal = 1; signal <= SIGNALS; signal++) {
            actions[signal] = SignalMask.has(ignored, signal)
                    ? new SignalAction(SignalAction.IGNORE, 0, 0, 0)
                    : SignalAction.NONE;
        }
    }

    /** Those of a copy of the process, as fork makes it. */
    synchronized SignalActions copy() {
        SignalActions copy = new SignalActions(stubHandler, 0);
        System.arraycopy(actions, 0, copy.actions, 0, actions.length);
        return copy;
    }

    /** The signals that the program ignores: so will the one that it executes. */
    synchronized long ignored() {
        long ignored = 0;
        for (int signal = 1; signal <= SIGNALS; signal++) {
            if (actions[signal].handler() == SignalAction.IGNORE) {
                ignored |= SignalMask.of(signal);
            }
        }
        return ignored;
    }

    synchronized SignalAction get(int signal) {
        return actions[signal];
    }

    /**
     * Another action for a signal, here and in the kernel.
     *
     * @param task a thread of the process, which is stopped
     * @return what the kernel said
     */
    synchronized long set(FastTask task, int signal, SignalAction action) {
        long result = install(task, signal, action);
        if (!Linux.failed(result)) {
            actions[signal] = action;
        }
        return result;
    }

    /** The action for the next delivery; SA_RESETHAND takes it away. */
    synchronized SignalAction take(FastTask task, int signal) {
        SignalAction action = actions[signal];
        if (action.isHandled() && action.has(SignalAction.SA_RESETHAND)) {
            set(task, signal, SignalAction.NONE);
        }
        return action;
    }

    private long install(FastTask task, int signal, SignalAction action) {
        boolean stub = action.isHandled() || SignalMask.has(SignalMask.RESERVED, signal);
        return task.sigaction(signal, stub ? stubAction(signal, action) : action);
    }

    /** The stub as a handler: on its own stack, with all signals masked. */
    private SignalAction stubAction(int signal, SignalAction action) {
        long kept = SignalAction.SA_NOCLDSTOP | SignalAction.SA_NOCLDWAIT | SignalAction.SA_RESTART;
        long restart = signal == SignalMask.EVICT ? SignalAction.SA_RESTART : 0;
        return stub(stubHandler, (action.flags() & kept) | restart);
    }

    /** The stub as a handler, with some flags more. */
    static SignalAction stub(long stubHandler, long flags) {
        long always = SignalAction.SA_SIGINFO | SignalAction.SA_ONSTACK | SignalAction.SA_RESTORER;
        return new SignalAction(stubHandler, flags | always, stubHandler, -1L);
    }

    /** Really the default action, for a process that is to end by the signal. */
    static void installDefault(FastTask task, int signal) {
        task.sigaction(signal, SignalAction.NONE);
    }

    /** Executes rt_sigaction. */
    static long execute(FastTask task, int signal, MemorySegment scratch, long scratchAddress, SignalAction action) {
        action.write(scratch);
        return task.systemCall(SystemCall.RT_SIGACTION, signal, scratchAddress, 0, Long.BYTES);
    }
}
