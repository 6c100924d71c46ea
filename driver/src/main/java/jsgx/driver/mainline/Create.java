package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_CREATE: makes the enclave of this file. */
public record Create(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x00, SIZE);

    private static final long SRC = 0;

    /** A zeroed structure on the heap. */
    public static Create allocate() {
        return new Create(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the SECS, 4096 bytes. */
    public long src() {
        return u64(memory, SRC);
    }

    public void src(long v) {
        u64(memory, SRC, v);
    }
}
