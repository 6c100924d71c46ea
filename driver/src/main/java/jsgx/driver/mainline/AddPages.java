package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_ADD_PAGES: adds pages to an enclave that is not initialised. */
public record AddPages(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 48;

    /** The request number. */
    public static final int CMD = IoctlNumber.iowr(0x01, SIZE);

    /** SGX_PAGE_MEASURE: EEXTEND all of each page. */
    public static final long MEASURE = 1;

    private static final long SRC = 0;
    private static final long OFFSET = 8;
    private static final long LENGTH = 16;
    private static final long SECINFO = 24;
    private static final long FLAGS = 32;
    private static final long COUNT = 40;

    /** A zeroed structure on the heap. */
    public static AddPages allocate() {
        return new AddPages(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the content of the pages. */
    public long src() {
        return u64(memory, SRC);
    }

    public void src(long v) {
        u64(memory, SRC, v);
    }

    /** Offset of the first page in the enclave. */
    public long offset() {
        return u64(memory, OFFSET);
    }

    public void offset(long v) {
        u64(memory, OFFSET, v);
    }

    /** How many bytes, in whole pages. */
    public long length() {
        return u64(memory, LENGTH);
    }

    public void length(long v) {
        u64(memory, LENGTH, v);
    }

    /** Address of the SECINFO for all pages. */
    public long secinfo() {
        return u64(memory, SECINFO);
    }

    public void secinfo(long v) {
        u64(memory, SECINFO, v);
    }

    /** {@link #MEASURE} or 0. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    /** Out: how many bytes were added. */
    public long count() {
        return u64(memory, COUNT);
    }

    public void count(long v) {
        u64(memory, COUNT, v);
    }
}
