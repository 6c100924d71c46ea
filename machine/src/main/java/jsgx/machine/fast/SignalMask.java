package jsgx.machine.fast;

import jsgx.machine.linux.Signals;

/** Sets of signals as the kernel has them: signal n is bit n - 1. */
final class SignalMask {

    /**
     * The signal by which threads are called out of enclaves. Neither the kernel nor a libc uses it; where a program does, it gets
     * what was not ours.
     */
    static final int EVICT = 16;

    /** Signals that the stub must always get, whatever the program says: it never really blocks nor ignores them. */
    static final long RESERVED = of(Signals.SIGILL)
            | of(Signals.SIGTRAP)
            | of(Signals.SIGBUS)
            | of(Signals.SIGFPE)
            | of(Signals.SIGSEGV)
            | of(Signals.SIGSYS)
            | of(EVICT);

    private static final long UNBLOCKABLE = of(Signals.SIGKILL) | of(Signals.SIGSTOP);

    private SignalMask() {}

    static long of(int signal) {
        return 1L << (signal - 1);
    }

    static boolean has(long mask, int signal) {
        return (mask & of(signal)) != 0;
    }

    /** The set without those that nobody can block. */
    static long legal(long mask) {
        return mask & ~UNBLOCKABLE;
    }

    /** What a thread really blocks where its program asks for this. */
    static long real(long mask) {
        return mask & ~RESERVED;
    }
}
