package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Arrays;

/** Signals that this process ignores for a while; several users may overlap. Programs that it starts meanwhile must be told not to. */
public final class IgnoredSignals implements AutoCloseable {

    private static final MethodHandle SIGACTION =
            Linux.function("sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    /** More than struct sigaction has. */
    private static final MemoryLayout ROOM = MemoryLayout.sequenceLayout(256, JAVA_BYTE);

    private static final long SIG_IGN = 1;
    private static final int SIGNALS = 64;

    /** How many users there are of each signal, and what its action was before the first. */
    private static final int[] users = new int[SIGNALS + 1];

    private static final MemorySegment[] before = new MemorySegment[SIGNALS + 1];

    private final int[] signals;

    private IgnoredSignals(int... signals) {
        this.signals = signals;
    }

    public static IgnoredSignals of(int... signals) {
        synchronized (users) {
            for (int signal : signals) {
                if (users[signal]++ == 0) {
                    MemorySegment ignore = Arena.ofAuto().allocate(ROOM);
                    ignore.set(JAVA_LONG, 0, SIG_IGN);
                    before[signal] = Arena.ofAuto().allocate(ROOM);
                    sigaction(signal, ignore, before[signal]);
                }
            }
        }
        return new IgnoredSignals(signals.clone());
    }

    /** Those that are ignored on behalf of somebody now, and were not before, as a sigset_t's first word. */
    static long now() {
        synchronized (users) {
            long set = 0;
            for (int signal = 1; signal <= SIGNALS; signal++) {
                if (users[signal] > 0 && before[signal].get(JAVA_LONG, 0) != SIG_IGN) {
                    set |= 1L << (signal - 1);
                }
            }
            return set;
        }
    }

    @Override
    public void close() {
        synchronized (users) {
            Arrays.stream(signals).filter(signal -> --users[signal] == 0).forEach(signal -> {
                sigaction(signal, before[signal], MemorySegment.NULL);
            });
        }
    }

    private static void sigaction(int signal, MemorySegment action, MemorySegment old) {
        try {
            int ignored = (int) SIGACTION.invokeExact(signal, action, old);
        } catch (Throwable t) {
            throw new LinkageError("sigaction(2)", t);
        }
    }
}
