package jsgx.machine.space;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A process's memory, as somebody sees it who may trace the process. */
public interface ProcessView {

    /**
     * What lies at a range of addresses.
     *
     * @param start its first address
     * @param end the address after its last
     * @param noexec whether it can never be made executable
     */
    record Ground(long start, long end, boolean noexec) {}

    /** Copies from the process; how many bytes came, from the first on. The segment must be native memory. */
    long read(long address, MemorySegment to);

    /** Copies to the process; how many bytes went, from the first on. The segment must be native memory. */
    long write(long address, MemorySegment from);

    /** What holds an address, or lies next above it (find_vma); empty where nothing does. */
    Optional<Ground> ground(long address);

    /** Whether the personality READ_IMPLIES_EXEC is set. */
    boolean readImpliesExec();
}
