package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.IoctlNumber;

/** SGX_IOC_ENCLAVE_PROVISION: lets the enclave have ATTRIBUTES.PROVISIONKEY. */
public record Provision(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = IoctlNumber.iow(0x03, SIZE);

    private static final long FD = 0;

    /** A zeroed structure on the heap. */
    public static Provision allocate() {
        return new Provision(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** A descriptor of {@code /dev/sgx_provision}. */
    public long fd() {
        return u64(memory, FD);
    }

    public void fd(long v) {
        u64(memory, FD, v);
    }
}
