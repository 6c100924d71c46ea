package jsgx.driver;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The port to a process: its memory, and the page tables in which its mappings of the device show EPC pages. Its methods
 * are called from many threads at once, also from the reclaimer's, and must not call back into the driver.
 */
public interface AddressSpace {

    /** PROT_READ. */
    int PROT_READ = 1;

    /** PROT_WRITE. */
    int PROT_WRITE = 2;

    /** PROT_EXEC. */
    int PROT_EXEC = 4;

    /** What lies at a linear address, as far as it may be the source of an enclave page. */
    enum Source {
        /** No mapping at this address or above it. */
        UNMAPPED,
        /** A mapping that can never be made executable: of a file system mounted noexec, for one. */
        NOEXEC,
        /** Any other mapping. */
        MAY_EXEC
    }

    /**
     * Copies from the process.
     *
     * @return how many bytes at the end could not be copied; 0 where all were
     */
    long copyFromUser(long from, MemorySegment to);

    /**
     * Copies to the process.
     *
     * @return how many bytes at the end could not be copied; 0 where all were
     */
    long copyToUser(MemorySegment from, long to);

    /** The 4096 bytes at a page-aligned address, in place where that can be; empty where they cannot be read. */
    Optional<MemorySegment> readPage(long address);

    /** What lies at an address that is to be the source of an enclave page. */
    Source source(long address);

    /**
     * A free range of linear addresses for a new mapping, as the kernel's get_unmapped_area finds one.
     *
     * @return its page-aligned start, or a negated errno
     */
    long unmappedArea(long hint, long length);

    /** The mappings of SGX devices in this address space. */
    DeviceMappings mappings();

    /** Enters an EPC page into the page tables; it is not marked accessed. */
    void map(long address, int epcPage, int protection);

    /** Removes what the page tables say of the pages between two addresses. */
    void zap(long start, long end);

    /** Whether the page at this address was accessed since the last such question, or since it was mapped. */
    boolean testAndClearAccessed(long address);

    /**
     * Makes every thread that is inside an enclave between the two addresses leave it once (AEX), and returns when all
     * have; they may enter again at once.
     */
    void evictThreads(long start, long end);

    /** Whether the calling thread has a signal pending, which ends long calls. */
    default boolean signalPending() {
        return Thread.currentThread().isInterrupted();
    }

    /** Whether the process runs in 32-bit mode (TIF_ADDR32). */
    default boolean is32Bit() {
        return false;
    }

    /** Whether the personality READ_IMPLIES_EXEC is set. */
    default boolean readImpliesExec() {
        return false;
    }

    /** The open file that a descriptor of the process names; empty where there is none of ours. */
    default Optional<DeviceFile> file(int descriptor) {
        return Optional.empty();
    }
}
