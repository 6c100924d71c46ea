package jsgx.machine.sgx;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/** An address space of the program, as far as devices are mapped in it. Results are those of system calls: a negated errno where one failed. */
public interface SgxSpace {

    /** What is done with one piece of a range, and whether it failed: 0 or a negated errno. */
    @FunctionalInterface
    interface Piece {
        long apply(long start, long end);
    }

    /** The mapping that holds an address. */
    Optional<SgxMapping> mapping(long address);

    /** The first address from the given one on that a mapping holds; the largest long where there is none. */
    long nextMapping(long address);

    /** All mappings, lowest first. */
    List<SgxMapping> mappings();

    /**
     * An ioctl of a device, which is told.
     *
     * @param tid the thread that calls
     * @return what the process sees
     */
    long ioctl(int tid, SgxCaller caller, SgxFile file, int request, long argument);

    /**
     * mmap of a device.
     *
     * @param flags MAP_ flags; MAP_FIXED_NOREPLACE too
     */
    long mmap(SgxFile file, long address, long length, int protection, int flags, long offset);

    /**
     * Makes something else of a range in which devices may be mapped, as munmap does, or mmap with MAP_FIXED.
     *
     * @param call the system call itself, which returns what the kernel returned: the mappings of devices are gone where it did not fail
     */
    long replace(long start, long end, LongSupplier call);

    /** munmap of whole pages. */
    long munmap(long start, long end);

    /** Does something with a range of addresses piece by piece, lowest first, up to the first failure: with what is a device's mapping and what is not. */
    long pieces(long start, long end, Piece device, Piece other);

    /**
     * mprotect of whole pages, of devices and of other memory.
     *
     * @param other mprotect of a range in which there are no devices
     */
    long mprotect(long start, long end, int protection, Piece other);

    /** Moves part of a device's mapping, in place of what is there; an enclave cannot be used there. */
    long move(long start, long end, long to);

    /** A debugger reads or writes what is mapped at an address: the count of bytes moved, or a negated errno. */
    long access(SgxCaller caller, long address, MemorySegment buffer, boolean write);

    /** A driver changed what the EPCM allows: no page shows more. */
    void restrict();

    /** Makes this address space, which fork has just made of another, have the other's mappings. Nothing of the program runs in it. */
    void forked(SgxSpace parent);

    /** The last process with this address space is gone, or executes another program: the drivers' mappings are, too. */
    void gone();
}
