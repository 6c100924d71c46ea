package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_INIT: initialises the enclave. */
public record Init(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x02, SIZE);

    private static final long SIGSTRUCT = 0;

    /** A zeroed structure on the heap. */
    public static Init allocate() {
        return new Init(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the SIGSTRUCT. */
    public long sigstruct() {
        return u64(memory, SIGSTRUCT);
    }

    public void sigstruct(long v) {
        u64(memory, SIGSTRUCT, v);
    }
}
