package jsgx.machine.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A memory file (memfd) whose size nobody can change, so that whoever maps it never meets its end. Pages are there from their first use on. Results are the
 * kernel's.
 */
public final class MemoryFile implements AutoCloseable {

    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    private static final int SEALS = 1 | 2 | 4;
    private static final int SEEK_END = 2;
    private static final int EFBIG = 27;
    private static final int KEEP_SIZE_AND_PUNCH_HOLE = 3;

    private final OpenDescriptor open;
    private final long bytes;

    private MemoryFile(int descriptor, long bytes) {
        this.open = new OpenDescriptor(descriptor);
        this.bytes = bytes;
    }

    /**
     * A new memory file, which may be executed.
     *
     * @param name what /proc shows of it
     * @param bytes its size
     */
    public static MemoryFile create(String name, long bytes) throws LinuxException {
        int descriptor = (int) Linux.check("memfd_create", Linux.memfdCreate(name, true));
        long result = Linux.call(SystemCall.FTRUNCATE, descriptor, bytes);
        if (!Linux.failed(result)) {
            // Neither smaller nor larger, and no other rules from now on.
            result = Linux.call(SystemCall.FCNTL, descriptor, F_ADD_SEALS, SEALS);
        }
        if (Linux.failed(result)) {
            Linux.close(descriptor);
            throw new LinuxException("a memory file of %d bytes".formatted(bytes), (int) -result);
        }
        return new MemoryFile(descriptor, bytes);
    }

    /**
     * How many bytes a memory file has that somebody else passed, who may change that; a file with holes costs its owner less.
     *
     * @throws LinuxException where it is no memory file that can be sealed
     */
    public static long size(int descriptor) throws LinuxException {
        // Other files might make their reader wait.
        Linux.check("a file that is no memory file", Linux.call(SystemCall.FCNTL, descriptor, F_GET_SEALS));
        return Linux.check("lseek", Linux.call(SystemCall.LSEEK, descriptor, 0, SEEK_END));
    }

    /**
     * A copy of a memory file that somebody else passed, who may change it meanwhile and in any way.
     *
     * @param most how many bytes it may have
     * @param arena for the copy
     * @throws LinuxException where it is no memory file that can be sealed, or larger
     */
    public static MemorySegment contents(int descriptor, long most, Arena arena) throws LinuxException {
        long bytes = size(descriptor);
        if (bytes > most) {
            throw new LinuxException("a memory file of %d bytes, expected at most %d".formatted(bytes, most), EFBIG);
        }
        MemorySegment copy = arena.allocate(bytes, Long.BYTES);
        for (long done = 0; done < bytes; ) {
            long got = Linux.check(
                    "pread", Linux.call(SystemCall.PREAD64, descriptor, copy.address() + done, bytes - done, done));
            if (got == 0) {
                return copy.asSlice(0, done);
            }
            done += got;
        }
        return copy;
    }

    /** Its descriptor in this process, which exec closes. */
    public int descriptor() {
        return open.number();
    }

    /** Maps all of it for as long as the arena lives. */
    @SuppressWarnings("restricted")
    public MemorySegment map(Arena arena) throws LinuxException {
        long address = Linux.check(
                "mmap",
                Linux.call(
                        SystemCall.MMAP,
                        0,
                        bytes,
                        Linux.PROT_READ | Linux.PROT_WRITE,
                        Linux.MAP_SHARED,
                        open.number(),
                        0));
        return MemorySegment.ofAddress(address)
                .reinterpret(
                        bytes, arena, segment -> Linux.call(SystemCall.MUNMAP, segment.address(), segment.byteSize()));
    }

    /** Maps a piece of it in the place of what is mapped at an address. */
    public long mapAt(long address, long offset, long length) {
        return Linux.call(
                SystemCall.MMAP,
                address,
                length,
                Linux.PROT_READ | Linux.PROT_WRITE,
                Linux.MAP_SHARED | Linux.MAP_FIXED,
                open.number(),
                offset);
    }

    /** Copies from an address of this process into it. */
    public long write(long from, long offset, long length) {
        return Linux.call(SystemCall.PWRITE64, open.number(), from, length, offset);
    }

    /** Takes the memory of a piece of it away; who looks there finds zeroes. */
    public long punch(long offset, long length) {
        return Linux.call(SystemCall.FALLOCATE, open.number(), KEEP_SIZE_AND_PUNCH_HOLE, offset, length);
    }

    /** Closes the descriptor; what is mapped stays. */
    @Override
    public void close() {
        open.close(() -> {});
    }
}
