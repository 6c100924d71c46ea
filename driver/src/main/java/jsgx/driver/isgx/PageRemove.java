package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_PAGE_REMOVE: removes a page. */
public record PageRemove(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x0d, SIZE);

    private static final long ADDR = 0;

    /** A zeroed structure on the heap. */
    public static PageRemove allocate() {
        return new PageRemove(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the page. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }
}
