package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.epc.Epc;
import jsgx.driver.AddressSpace;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.EnclaveLookup;
import jsgx.driver.legacy.LegacyFile;
import org.jspecify.annotations.Nullable;

/**
 * SGX_IOC_ENCLAVE_NOTIFY_ACCEPT: removes pages that {@link Trim} has trimmed and the enclave has accepted. Each page of the range is
 * tried, whatever becomes of the others.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>0x40000000: power was lost.
 *   <li>-ENOSYS: the processor has no SGX2.
 *   <li>-EINVAL: startAddr lies in no mapping of the device; or the last page that failed was outside the enclave's mapping, could not be
 *       loaded, or was not trimmed.
 *   <li>-ENOENT: the mapping has no enclave.
 * </ul>
 */
public record NotifyAccept(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 16;

    /** The request number. */
    public static final int CMD = 0x4010A40C;

    private static final long START_ADDR = 0;
    private static final long NR_PAGES = 8;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public NotifyAccept {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static NotifyAccept allocate() {
        return new NotifyAccept(MemorySegment.ofArray(new byte[SIZE]));
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
        NotifyAccept notify = new NotifyAccept(structure);
        PageRemoval.requireSgx2(file);
        long address = notify.startAddr() & -Epc.PAGE_SIZE;
        Enclave enclave = EnclaveLookup.find(file, caller, address);
        @Nullable Refused failure = null;
        try {
            for (long i = 0; i < Integer.toUnsignedLong(notify.nrPages()); i++) {
                try {
                    PageRemoval.remove(file, caller, enclave, address + i * Epc.PAGE_SIZE, true);
                } catch (Refused e) {
                    failure = e;
                }
            }
        } finally {
            enclave.drop();
        }
        if (failure != null) {
            throw failure;
        }
        return 0;
    }
}
