package jsgx.driver.v5;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_INIT: initialises an enclave with a token of the launch enclave. */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 16;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x02, SIZE);

    /** The request number of headers before v6: the structure has a third word, which must be 0. */
    public static final int CMD_WITH_FLAGS = IoctlNumber.iow(0x02, SIZE + 8);

    private static final long ADDR = 0;
    private static final long SIGSTRUCT = 8;

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
}
