package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.struct.PageType;
import jsgx.driver.AddressSpace;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.LegacyFile;

/**
 * SGX_IOC_ENCLAVE_MKTCS: makes regular pages TCS pages (EMODT to PT_TCS, ETRACK), which the enclave must accept.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>a positive number: the error code of EMODT for the first page where it failed, the other pages of its 16 are tried all the
 *       same; 0x40000000: power was lost.
 *   <li>-ENOSYS: the processor has no SGX2.
 *   <li>-EINVAL: startAddr is not a multiple of 4096 or lies in no mapping of the device; nrPages is 0; the range leaves the
 *       enclave.
 *   <li>-ENOENT: the mapping has no enclave.
 *   <li>-EFAULT: there is no such page, it cannot be loaded, the enclave is not initialised, or a mapping of it was closed; or EMODT
 *       raised a fault.
 *   <li>-ENOMEM: a page is evicted, and no EPC page can be had for it.
 * </ul>
 */
public record Mktcs(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 16;

    /** The request number. */
    public static final int CMD = 0x4010A40A;

    private static final long START_ADDR = 0;
    private static final long NR_PAGES = 8;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Mktcs {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static Mktcs allocate() {
        return new Mktcs(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the first page. */
    public long startAddr() {
        return u64(memory, START_ADDR);
    }

    public void startAddr(long v) {
        u64(memory, START_ADDR, v);
    }

    /** How many pages, unsigned. */
    public int nrPages() {
        return u32(memory, NR_PAGES);
    }

    public void nrPages(int v) {
        u32(memory, NR_PAGES, v);
    }

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        Mktcs mktcs = new Mktcs(structure);
        return new RangeModification(file, caller, (long) PageType.TCS.code() << 8, true)
                .run(mktcs.startAddr(), mktcs.nrPages());
    }
}
