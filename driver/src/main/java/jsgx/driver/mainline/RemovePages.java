package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_REMOVE_PAGES: removes trimmed pages that the enclave has accepted. */
public record RemovePages(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = IoctlNumber.iowr(0x07, SIZE);

    private static final long OFFSET = 0;
    private static final long LENGTH = 8;
    private static final long COUNT = 16;

    /** A zeroed structure on the heap. */
    public static RemovePages allocate() {
        return new RemovePages(MemorySegment.ofArray(new byte[SIZE]));
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

    /** Out: how many bytes were removed. */
    public long count() {
        return u64(memory, COUNT);
    }

    public void count(long v) {
        u64(memory, COUNT, v);
    }
}
