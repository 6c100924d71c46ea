package jsgx.machine.fast;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What a program does about a signal (struct sigaction of the system call).
 *
 * @param handler an address, {@link #DEFAULT} or {@link #IGNORE}
 * @param flags SA_ bits
 * @param restorer where the handler returns to
 * @param mask the signals that are blocked while the handler runs
 */
record SignalAction(long handler, long flags, long restorer, long mask) {

    /** SIG_DFL. */
    static final long DEFAULT = 0;

    /** SIG_IGN. */
    static final long IGNORE = 1;

    static final int BYTES = 32;

    static final long SA_NOCLDSTOP = 1;
    static final long SA_NOCLDWAIT = 2;
    static final long SA_SIGINFO = 4;
    static final long SA_RESTORER = 0x0400_0000;
    static final long SA_ONSTACK = 0x0800_0000;
    static final long SA_RESTART = 0x1000_0000;
    static final long SA_NODEFER = 0x4000_0000;
    static final long SA_RESETHAND = 0x8000_0000L;
    private static final long SA_EXPOSE_TAGBITS = 0x800;

    /** The flags that Linux keeps. */
    private static final long KNOWN = SA_NOCLDSTOP
            | SA_NOCLDWAIT
            | SA_SIGINFO
            | SA_EXPOSE_TAGBITS
            | SA_RESTORER
            | SA_ONSTACK
            | SA_RESTART
            | SA_NODEFER
            | SA_RESETHAND;

    /** What a program begins with. */
    static final SignalAction NONE = new SignalAction(DEFAULT, 0, 0, 0);

    static SignalAction read(MemorySegment from) {
        return new SignalAction(
                from.get(JAVA_LONG_UNALIGNED, 0),
                from.get(JAVA_LONG_UNALIGNED, 8) & KNOWN,
                from.get(JAVA_LONG_UNALIGNED, 16),
                SignalMask.legal(from.get(JAVA_LONG_UNALIGNED, 24)));
    }

    void write(MemorySegment to) {
        to.set(JAVA_LONG_UNALIGNED, 0, handler);
        to.set(JAVA_LONG_UNALIGNED, 8, flags);
        to.set(JAVA_LONG_UNALIGNED, 16, restorer);
        to.set(JAVA_LONG_UNALIGNED, 24, mask);
    }

    /** Whether the program has a handler. */
    boolean isHandled() {
        return handler != DEFAULT && handler != IGNORE;
    }

    boolean has(long flag) {
        return (flags & flag) != 0;
    }
}
