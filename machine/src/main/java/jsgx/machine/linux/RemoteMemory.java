package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * The memory of another process, as far as its protection lets the process itself read and write it; {@link #poke} alone looks past
 * that, as a debugger does. It fails, and reads nothing, once the process is gone.
 */
public final class RemoteMemory {

    /** The largest path that the kernel takes. */
    private static final int PATH_MAX = 4096;

    private static final int PAGE = 4096;

    private static final ValueLayout.OfLong UNALIGNED_LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final int pid;

    /** A thread of the process that has memory: its first one has none once it has ended. */
    private volatile int thread;

    public RemoteMemory(int pid) {
        this.pid = pid;
        this.thread = pid;
    }

    public int pid() {
        return pid;
    }

    /** Copies from the process; how many bytes came, from the first on. The segment must be native memory. */
    public long read(long address, MemorySegment to) {
        return transfer(SystemCall.PROCESS_VM_READV, address, to);
    }

    /** Copies to the process; how many bytes went, from the first on. The segment must be native memory. */
    public long write(long address, MemorySegment from) {
        return transfer(SystemCall.PROCESS_VM_WRITEV, address, from);
    }

    private long transfer(int call, long address, MemorySegment local) {
        long size = local.byteSize();
        long done = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment vectors = arena.allocate(JAVA_LONG, 4);
            // The kernel stops at the first page that it cannot have, but tells how much it did only between elements.
            while (done < size) {
                long moved = attempt(vectors, call, address + done, local.address() + done, size - done);
                if (moved <= 0) {
                    long rest = Math.min(size - done, PAGE - ((address + done) & (PAGE - 1)));
                    moved = rest == size - done
                            ? moved
                            : attempt(vectors, call, address + done, local.address() + done, rest);
                }
                if (moved <= 0) {
                    break;
                }
                done += moved;
            }
        }
        return done;
    }

    private long attempt(MemorySegment vectors, int call, long remote, long local, long bytes) {
        vectors.setAtIndex(JAVA_LONG, 0, local);
        vectors.setAtIndex(JAVA_LONG, 1, bytes);
        vectors.setAtIndex(JAVA_LONG, 2, remote);
        vectors.setAtIndex(JAVA_LONG, 3, bytes);
        long result = Linux.call(call, thread, vectors.address(), 1, vectors.address() + 16, 1, 0);
        if (result == -Errors.ESRCH) {
            thread = Linux.livingThread(pid);
            result = Linux.call(call, thread, vectors.address(), 1, vectors.address() + 16, 1, 0);
        }
        return result;
    }

    /** The bytes at an address; empty where not all of them can be read. */
    public Optional<byte[]> read(long address, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(bytes);
            return read(address, buffer) == bytes ? Optional.of(buffer.toArray(JAVA_BYTE)) : Optional.empty();
        }
    }

    /** Writes bytes; whether all of them were. */
    public boolean write(long address, byte[] bytes) {
        try (Arena arena = Arena.ofConfined()) {
            return write(address, arena.allocateFrom(JAVA_BYTE, bytes)) == bytes.length;
        }
    }

    /** The 8 bytes at an address, little-endian. */
    public Optional<Long> readLong(long address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(JAVA_LONG);
            return read(address, buffer) == Long.BYTES ? Optional.of(buffer.get(UNALIGNED_LONG, 0)) : Optional.empty();
        }
    }

    public boolean writeLong(long address, long value) {
        try (Arena arena = Arena.ofConfined()) {
            return write(address, arena.allocateFrom(JAVA_LONG, value)) == Long.BYTES;
        }
    }

    public boolean writeInt(long address, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return write(address, arena.allocateFrom(JAVA_INT, value)) == Integer.BYTES;
        }
    }

    /** The bytes of a path up to its zero; empty where it cannot be read or is longer than the kernel takes. */
    public Optional<byte[]> readPath(long address) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        long next = address;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(256);
            while (path.size() < PATH_MAX) {
                int chunk = (int) Math.min(buffer.byteSize(), PAGE - (next & (PAGE - 1)));
                long got = read(next, buffer.asSlice(0, chunk));
                for (int i = 0; i < got; i++) {
                    byte c = buffer.get(JAVA_BYTE, i);
                    if (c == 0) {
                        return Optional.of(path.toByteArray());
                    }
                    path.write(c);
                }
                if (got < chunk) {
                    return Optional.empty();
                }
                next += chunk;
            }
        }
        return Optional.empty();
    }

    /**
     * Writes past the protection of private pages (/proc/PID/mem), as breakpoints are set; whether all bytes were written. The process must be
     * this process's to trace.
     */
    public boolean poke(long address, byte[] bytes) {
        long descriptor = Linux.open("/proc/" + Linux.livingThread(pid) + "/mem", Linux.O_RDWR | Linux.O_CLOEXEC);
        if (Linux.failed(descriptor)) {
            return false;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocateFrom(JAVA_BYTE, bytes);
            return Linux.call(SystemCall.PWRITE64, descriptor, buffer.address(), bytes.length, address) == bytes.length;
        } finally {
            Linux.close((int) descriptor);
        }
    }
}
