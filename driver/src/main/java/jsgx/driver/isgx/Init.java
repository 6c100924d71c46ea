package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_INIT: initialises an enclave with the token of the caller. */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x02, SIZE);

    private static final long ADDR = 0;
    private static final long SIGSTRUCT = 8;
    private static final long EINITTOKEN = 16;

    /** A zeroed structure on the heap. */
    public static Init allocate() {
        return new Init(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** An address in the enclave. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }

    /** Address of the SIGSTRUCT. */
    public long sigstruct() {
        return u64(memory, SIGSTRUCT);
    }

    public void sigstruct(long v) {
        u64(memory, SIGSTRUCT, v);
    }

    /** Address of the EINITTOKEN, 304 bytes. */
    public long einittoken() {
        return u64(memory, EINITTOKEN);
    }

    public void einittoken(long v) {
        u64(memory, EINITTOKEN, v);
    }
}
