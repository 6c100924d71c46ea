package jsgx.machine.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A memory file (memfd), mapped in this process as a whole; other processes map it by its descriptor. Pages are there from
 * their first use on.
 */
public final class SharedMemory implements AutoCloseable {

    private final int descriptor;
    private final Arena arena;
    private final MemorySegment memory;

    /**
     * A new memory file.
     *
     * @param name what /proc shows of it
     * @param bytes its size
     */
    @SuppressWarnings({"restricted", "MustBeClosedChecker"})
    public SharedMemory(String name, long bytes) throws LinuxException {
        descriptor = (int) Linux.check("memfd_create", Linux.memfdCreate(name));
        long address = Linux.call(SystemCall.FTRUNCATE, descriptor, bytes);
        if (!Linux.failed(address)) {
            address = Linux.call(
                    SystemCall.MMAP, 0, bytes, Linux.PROT_READ | Linux.PROT_WRITE, Linux.MAP_SHARED, descriptor, 0);
        }
        if (Linux.failed(address)) {
            Linux.close(descriptor);
            throw new LinuxException("shared memory of %d bytes".formatted(bytes), (int) -address);
        }
        arena = Arena.ofShared();
        memory = MemorySegment.ofAddress(address)
                .reinterpret(
                        bytes, arena, segment -> Linux.call(SystemCall.MUNMAP, segment.address(), segment.byteSize()));
    }

    /** Its descriptor in this process, which exec closes. */
    public int descriptor() {
        return descriptor;
    }

    /** Its content. */
    public MemorySegment memory() {
        return memory;
    }

    /** Unmaps it here and closes the descriptor; processes that mapped it keep it. */
    @Override
    public void close() {
        arena.close();
        Linux.close(descriptor);
    }
}
