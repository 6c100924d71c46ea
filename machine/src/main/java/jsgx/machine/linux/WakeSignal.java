package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A signal that does nothing but end a system call in which a thread of this process waits. Its handler is a function of the C library that takes an int
 * and touches nothing; SA_RESTART is not set.
 */
public final class WakeSignal {

    /** Ignored where nobody handles it, and not one that the JVM uses. */
    private static final int SIGURG = 23;

    /** struct sigaction of the C library: handler, mask of 128 bytes, flags, restorer. */
    private static final int SIGACTION_BYTES = 152;

    private static final MethodHandle SIGACTION =
            Linux.function("sigaction", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    private static boolean installed;

    private WakeSignal() {}

    /** Installs the handler, once. */
    public static synchronized void install() {
        if (installed) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment action = arena.allocate(SIGACTION_BYTES, Long.BYTES);
            action.set(ADDRESS, 0, Linker.nativeLinker().defaultLookup().findOrThrow("abs"));
            installed = (int) SIGACTION.invokeExact(SIGURG, action, MemorySegment.NULL) == 0;
        } catch (Throwable t) {
            throw new LinkageError("sigaction(3)", t);
        }
    }

    /** Ends the system call in which a thread of this process waits. */
    public static void send(int tid) {
        Linux.tgkill(Linux.pid(), tid, SIGURG);
    }
}
