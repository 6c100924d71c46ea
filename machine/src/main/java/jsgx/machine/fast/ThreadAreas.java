package jsgx.machine.fast;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SharedMemory;

/** The thread areas of one address space: one memory file, which the program has at {@link CodeLayout#THREAD_AREAS}. */
final class ThreadAreas implements AutoCloseable {

    /** A slot that a thread had, which may still execute the last of the stub. */
    private record Left(int slot, int tid) {}

    private static final int NOBODY = 0;

    private final SharedMemory shared;
    private final ArrayDeque<Left> left = new ArrayDeque<>();
    private int next = AreaLayout.FIRST_SLOT;
    private int users;
    private boolean closed;

    ThreadAreas() throws LinuxException {
        shared = new SharedMemory("jsgx-threads", AreaLayout.BYTES);
    }

    /** The memory file, to be mapped in the program as a whole. */
    int descriptor() {
        return shared.descriptor();
    }

    /** The first thread's slot; those before it are free. */
    synchronized void allocate(int slot) {
        for (; next < slot; next++) {
            left.add(new Left(next, NOBODY));
        }
        next++;
        users++;
    }

    /**
     * A slot for a new thread; empty where there are too many.
     *
     * @param isGone whether the kernel no longer knows a thread
     */
    synchronized OptionalInt allocate(IntPredicate isGone) {
        Left oldest = left.peek();
        if (oldest != null && (oldest.tid() == NOBODY || isGone.test(oldest.tid()))) {
            left.remove();
            memory(oldest.slot()).asSlice(0, AreaLayout.STACK).fill((byte) 0);
            users++;
            return OptionalInt.of(oldest.slot());
        }
        if (next == AreaLayout.SLOTS) {
            return OptionalInt.empty();
        }
        users++;
        return OptionalInt.of(next++);
    }

    /** The thread that had the slot is about to end, or has. */
    synchronized void release(int slot, int tid) {
        left.add(new Left(slot, tid));
        users--;
        if (users == 0) {
            close();
        }
    }

    /** A slot's bytes as Java sees them. */
    MemorySegment memory(int slot) {
        return shared.memory().asSlice((long) slot * AreaLayout.SLOT, AreaLayout.SLOT);
    }

    /** A slot's address in the program. */
    static long address(int slot) {
        return CodeLayout.THREAD_AREAS + (long) slot * AreaLayout.SLOT;
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            shared.close();
        }
    }
}
