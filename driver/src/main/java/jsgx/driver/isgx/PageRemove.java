package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.LegacyFile;

/**
 * SGX_IOC_ENCLAVE_PAGE_REMOVE: removes a page, trimmed or not.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-ENOSYS: the processor has no SGX2.
 *   <li>-EINVAL: addr is not a multiple of 4096, or lies in no mapping of the device that has an enclave; power was lost; or the page does
 *       not exist or cannot be loaded.
 * </ul>
 */
public record PageRemove(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = 0x4008A40D;

    private static final long ADDR = 0;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public PageRemove {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static PageRemove allocate() {
        return new PageRemove(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the page. */
    public long addr() {
        return u64(memory, ADDR);
    }

    public void addr(long v) {
        u64(memory, ADDR, v);
    }

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        long address = new PageRemove(structure).addr();
        PageRemoval.requireSgx2(file);
        Enclave enclave;
        try {
            enclave = EnclaveLookup.find(file, caller, address);
        } catch (Refused e) {
            throw new Refused(
                    PageRemoval.Cause.ENCLAVE,
                    e.refusal().expected(),
                    e.refusal().found());
        }
        try {
            PageRemoval.remove(file, caller, enclave, address, false);
            return 0;
        } finally {
            enclave.drop();
        }
    }
}
