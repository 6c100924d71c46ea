package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_EMODPR: takes permissions from pages. */
public record Emodpr(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x09, SIZE);

    private static final long START_ADDR = 0;
    private static final long NR_PAGES = 8;
    private static final long FLAGS = 16;

    /** A zeroed structure on the heap. */
    public static Emodpr allocate() {
        return new Emodpr(MemorySegment.ofArray(new byte[SIZE]));
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

    /** The permissions that remain: SECINFO bits R, W, X. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }
}
