package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_ADD_PAGE: adds a page to an enclave that is not initialised. */
public record AddPage(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 26;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x01, SIZE);

    private static final long ADDR = 0;
    private static final long SRC = 8;
    private static final long SECINFO = 16;
    private static final long MRMASK = 24;

    /** A zeroed structure on the heap. */
    public static AddPage allocate() {
        return new AddPage(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the page in the enclave. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }

    /** Address of the content, 4096 bytes. */
    public long src() {
        return u64(memory, SRC);
    }

    public void src(long v) {
        u64(memory, SRC, v);
    }

    /** Address of the SECINFO. */
    public long secinfo() {
        return u64(memory, SECINFO);
    }

    public void secinfo(long v) {
        u64(memory, SECINFO, v);
    }

    /** Bit j asks for EEXTEND of the 256 bytes at 256 * j. */
    public int mrmask() {
        return u16(memory, MRMASK);
    }

    public void mrmask(int v) {
        u16(memory, MRMASK, v);
    }
}
