package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_ADD_PAGES: adds pages to an enclave that is not initialised (EADD), and measures all of them if
 * {@link #MEASURE} is set (EEXTEND). The SECINFO is that of each page.
 *
 * <p>count is written back whenever the arguments were in order: how many bytes were added before the call ended, also where a
 * page failed. A signal that comes after the first page ends the call with 0 and what is done until then.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-EINVAL: the enclave is not created, or is initialised; src, offset or length is not a multiple of 4096; length is 0; the
 *       range leaves the enclave; or the SECINFO is not of a regular or TCS page, is writable and not readable, gives a TCS
 *       page permissions, or has reserved bits.
 *   <li>-EFAULT: the argument, the SECINFO or a source page cannot be read; the argument cannot be written back; or no
 *       version array could be made.
 *   <li>-EACCES: a source page lies in memory that can never be executable.
 *   <li>-EBUSY: the enclave has a page at this offset.
 *   <li>-ENOMEM: no EPC page can be had: all are in use by what cannot be reclaimed, or the account is full.
 *   <li>-ERESTARTSYS: a signal was pending before the first page, or came while pages were reclaimed.
 *   <li>-EIO: EADD or EEXTEND raised a fault, after power loss for one.
 * </ul>
 */
public record AddPages(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 48;

    /** The request number. */
    public static final int CMD = 0xC030A401;

    /** SGX_PAGE_MEASURE: EEXTEND all of each page. */
    public static final long MEASURE = 1;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        CREATED(Errno.EINVAL, "the enclave is created"),
        NOT_INITIALIZED(Errno.EINVAL, "the enclave is not initialised"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        SRC_ALIGNED(Errno.EINVAL, "src is a multiple of 4096"),
        RANGE(
                Errno.EINVAL,
                "offset and length are multiples of 4096, length is not 0, and the range lies in the enclave"),
        SECINFO_READABLE(Errno.EFAULT, "the SECINFO can be read"),
        SECINFO_TYPE(Errno.EINVAL, "SECINFO.FLAGS.PT is PT_REG or PT_TCS"),
        SECINFO_W_NEEDS_R(Errno.EINVAL, "SECINFO.FLAGS.W is 0 or R is 1"),
        SECINFO_TCS_PERMISSIONS(Errno.EINVAL, "the SECINFO of a TCS page has no permissions"),
        SECINFO_RESERVED(Errno.EINVAL, "the reserved fields of SECINFO are 0, and PENDING, MODIFIED and PR too"),
        NO_SIGNAL(Errno.ERESTARTSYS, "no signal is pending before the first page"),
        PAGE_FREE(Errno.EBUSY, "the enclave has no page at the offset"),
        SRC_MAPPED(Errno.EFAULT, "the source page is mapped"),
        SRC_MAY_EXEC(Errno.EACCES, "the source page lies in memory that may be executable"),
        SRC_READABLE(Errno.EFAULT, "the source page can be read"),
        EADD(Errno.EIO, "EADD succeeds"),
        EEXTEND(Errno.EIO, "EEXTEND succeeds"),
        ARGUMENT_WRITABLE(Errno.EFAULT, "the argument can be written back");

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

    private static final long SRC = 0;
    private static final long OFFSET = 8;
    private static final long LENGTH = 16;
    private static final long SECINFO = 24;
    private static final long FLAGS = 32;
    private static final long COUNT = 40;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public AddPages {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static AddPages allocate() {
        return new AddPages(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** Address of the content of the pages. */
    public long src() {
        return u64(memory, SRC);
    }

    public void src(long v) {
        u64(memory, SRC, v);
    }

    /** Offset of the first page in the enclave. */
    public long offset() {
        return u64(memory, OFFSET);
    }

    public void offset(long v) {
        u64(memory, OFFSET, v);
    }

    /** How many bytes, in whole pages. */
    public long length() {
        return u64(memory, LENGTH);
    }

    public void length(long v) {
        u64(memory, LENGTH, v);
    }

    /** Address of the SECINFO for all pages. */
    public long secinfo() {
        return u64(memory, SECINFO);
    }

    public void secinfo(long v) {
        u64(memory, SECINFO, v);
    }

    /** {@link #MEASURE} or 0; other bits are not looked at. */
    public long flags() {
        return u64(memory, FLAGS);
    }

    public void flags(long v) {
        u64(memory, FLAGS, v);
    }

    /** Out: how many bytes were added. */
    public long count() {
        return u64(memory, COUNT);
    }

    public void count(long v) {
        u64(memory, COUNT, v);
    }

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Enclave enclave = file.theEnclave();
        Refused.unless(enclave.isCreated(), Cause.CREATED, "a created enclave", "none");
        Refused.unless(!enclave.isInitialized(), Cause.NOT_INITIALIZED, "no EINIT yet", "an initialised enclave");
        AddPages add = new AddPages(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        Refused.unless(add.src() % Epc.PAGE_SIZE == 0, Cause.SRC_ALIGNED, "a multiple of 4096", add.src());
        PageRange.check(enclave, add.offset(), add.length(), Cause.RANGE);
        Secinfo secinfo = new Secinfo(UserMemory.read(caller, add.secinfo(), Secinfo.SIZE, Cause.SECINFO_READABLE));
        check(secinfo);

        enclave.addSpace(caller);
        Refused failure = null;
        long done = 0;
        try {
            boolean measure = (add.flags() & MEASURE) != 0;
            for (; done < add.length(); done += Epc.PAGE_SIZE) {
                if (caller.signalPending()) {
                    Refused.unless(done > 0, Cause.NO_SIGNAL, "no signal", "one");
                    break;
                }
                PageAdder.add(enclave, caller, add.src() + done, add.offset() + done, secinfo, measure);
            }
        } catch (Refused e) {
            failure = e;
        }
        add.count(done);
        UserMemory.write(caller, arg, add.memory(), Cause.ARGUMENT_WRITABLE);
        if (failure != null) {
            throw failure;
        }
        return 0;
    }

    private static void check(Secinfo secinfo) throws Refused {
        long flags = secinfo.flags();
        PageType type = secinfo.pageType();
        long permissions = flags & (Secinfo.R | Secinfo.W | Secinfo.X);
        Refused.unless(type == PageType.REG || type == PageType.TCS, Cause.SECINFO_TYPE, "PT_REG or PT_TCS", flags);
        Refused.unless(!secinfo.w() || secinfo.r(), Cause.SECINFO_W_NEEDS_R, "R with W", flags);
        Refused.unless(type != PageType.TCS || permissions == 0, Cause.SECINFO_TCS_PERMISSIONS, "no R, W, X", flags);
        long state = flags & (Secinfo.PENDING | Secinfo.MODIFIED | Secinfo.PR);
        Refused.unless(
                state == 0 && secinfo.reservedIsZero(), Cause.SECINFO_RESERVED, "0 in the reserved fields", flags);
    }
}
