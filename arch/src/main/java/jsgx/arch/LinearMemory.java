package jsgx.arch;

import java.lang.foreign.MemorySegment;

/**
 * The linear address space in which the operands of a leaf are named: the page tables of the software that executes it.
 * An address leads to a page of the EPC, to ordinary memory, or nowhere.
 */
public interface LinearMemory {

    /** {@link #epcPage}: ordinary memory is mapped at the address. */
    int ORDINARY = -1;

    /** {@link #epcPage}: nothing is mapped at the address. */
    int UNMAPPED = -2;

    /** {@link #permits}: reading. */
    int PROT_READ = 1;

    /** {@link #permits}: writing. */
    int PROT_WRITE = 1 << 1;

    /** {@link #permits}: instruction fetch. */
    int PROT_EXEC = 1 << 2;

    /**
     * The EPC page that the page tables map at a linear address.
     *
     * @return the page's index in the {@link jsgx.arch.epc.Epc}, or {@link #ORDINARY}, or {@link #UNMAPPED}
     */
    int epcPage(long linear);

    /**
     * Whether the page tables let a mapped EPC page be used so; what the EPCM says comes on top.
     *
     * @param protection a combination of {@link #PROT_READ}, {@link #PROT_WRITE} and {@link #PROT_EXEC}
     */
    default boolean permits(long linear, int protection) {
        return true;
    }

    /**
     * Ordinary memory of the given size at a linear address.
     *
     * @throws PageFaultException where a byte of it is not mapped, or is not writable and {@code write} is true
     */
    MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException;

    /** An access to ordinary memory that the page tables refuse. */
    final class PageFaultException extends Exception {

        private static final long serialVersionUID = 1L;

        private final long address;
        private final int errorCode;

        public PageFaultException(long address, int errorCode) {
            super(null, null, false, false);
            this.address = address;
            this.errorCode = errorCode;
        }

        public long address() {
            return address;
        }

        public int errorCode() {
            return errorCode;
        }
    }
}
