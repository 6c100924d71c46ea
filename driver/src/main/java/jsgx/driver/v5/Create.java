package jsgx.driver.v5;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveCreation;
import jsgx.driver.legacy.LegacyFile;

/**
 * SGX_IOC_ENCLAVE_CREATE: makes an enclave in a mapping of the device (ECREATE), which must be exactly its range.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>a positive number, how many bytes of the SECS could not be read.
 *   <li>-EINVAL: the SECS is not one that the driver takes (SIZE, BASEADDR,
 *       ATTRIBUTES, MISCSELECT, mode, XFRM, SSAFRAMESIZE, reserved fields); or there is no mapping of the device at BASEADDR, it has an
 *       enclave already, is not exactly the enclave's range, or does not begin at offset 0 of the file.
 *   <li>-ENOMEM: no EPC page can be had: all are in use by what cannot be reclaimed, version arrays take too many, or the account
 *       is full.
 *   <li>-ERESTARTSYS: a signal came while pages were reclaimed.
 *   <li>-EFAULT: ECREATE or EPA raised a fault.
 * </ul>
 */
public record Create(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = 0x4008A400;

    private static final long SRC = 0;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Create {
        memory = memory.asSlice(0, SIZE);
    }

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

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        return EnclaveCreation.run(file, caller, new Create(structure).src());
    }
}
