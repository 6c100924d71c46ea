package jsgx.driver.isgx;

import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;
import jsgx.driver.legacy.LegacyFile;

/**
 * SGX_IOC_ENCLAVE_EMODPR: takes permissions from pages (EMODPR, ETRACK), which the enclave must accept.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>a positive number: the error code of EMODPR for the first page where it failed, the other pages of its 16 are tried all the
 *       same; 0x40000000: power was lost.
 *   <li>-ENOSYS: the processor has no SGX2.
 *   <li>-EINVAL: flags has other bits than R, W, X, or W without R; startAddr is not a multiple of 4096 or lies in no mapping of the device; nrPages is 0; the range leaves the
 *       enclave; or a page is a TCS.
 *   <li>-ENOENT: the mapping has no enclave.
 *   <li>-EFAULT: there is no such page, it cannot be loaded, the enclave is not initialised, or a mapping of it was closed; or EMODPR
 *       raised a fault.
 *   <li>-ENOMEM: a page is evicted, and no EPC page can be had for it.
 * </ul>
 */
public record Emodpr(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = 0x4018A409;

    private static final long ALL = Secinfo.R | Secinfo.W | Secinfo.X;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        FLAGS(Errno.EINVAL, "flags only has the bits R, W and X"),
        W_NEEDS_R(Errno.EINVAL, "flags has R where it has W");

        private final Errno errno;
        private final String rule;

        Cause(Errno errno, String rule) {
            this.errno = errno;
            this.rule = rule;
        }

        @Override
        public long result() {
            return errno.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final long START_ADDR = 0;
    private static final long NR_PAGES = 8;
    private static final long FLAGS = 16;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Emodpr {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static Emodpr allocate() {
        return new Emodpr(MemorySegment.ofArray(new byte[SIZE]));
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

    /** The permissions that remain: SECINFO bits R, W, X. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    static long run(LegacyFile file, AddressSpace caller, MemorySegment structure) throws Refused {
        Emodpr emodpr = new Emodpr(structure);
        long flags = emodpr.flags();
        Refused.unless((flags & ~ALL) == 0, Cause.FLAGS, "bits of 0x7", flags);
        Refused.unless((flags & (Secinfo.R | Secinfo.W)) != Secinfo.W, Cause.W_NEEDS_R, "R with W", flags);
        return new RangeModification(file, caller, flags, false).run(emodpr.startAddr(), emodpr.nrPages());
    }
}
