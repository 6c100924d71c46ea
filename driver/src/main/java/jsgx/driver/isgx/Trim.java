package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_TRIM: makes pages ready for removal. */
public record Trim(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 16;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x0b, SIZE);

    private static final long START_ADDR = 0;
    private static final long NR_PAGES = 8;

    /** A zeroed structure on the heap. */
    public static Trim allocate() {
        return new Trim(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the first page. */
    public long startAddr() {
        return u64(memory, START_ADDR);
    }

    public void startAddr(long v) {
        u64(memory, START_ADDR, v);
    }

    /** How many pages. */
    public int nrPages() {
        return u32(memory, NR_PAGES);
    }

    public void nrPages(int v) {
        u32(memory, NR_PAGES, v);
    }
}
