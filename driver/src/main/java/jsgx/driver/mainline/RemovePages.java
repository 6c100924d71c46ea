package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_REMOVE_PAGES: removes trimmed pages from an initialised enclave, after the enclave accepted that they are
 * trimmed. EMODPR tells whether it did: it returns an error code before, and raises a page fault after.
 *
 * <p>count is written back whenever the arguments were in order: how many bytes were removed before the call ended.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-ENODEV: the processor has no SGX2.
 *   <li>-EINVAL: the enclave is not initialised; offset or length is not a multiple of 4096; length is 0; the range leaves the
 *       enclave; or count is not 0.
 *   <li>-EFAULT: the argument cannot be read or written back; or there is no such page, or it cannot be loaded.
 *   <li>-EPERM: the page is not trimmed, or the enclave has not accepted it.
 *   <li>-EAGAIN: the page is being reclaimed, or there was no EPC page to load it into.
 *   <li>-EBUSY: the reclaimer took the page just now.
 * </ul>
 */
public record RemovePages(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 24;

    /** The request number. */
    public static final int CMD = 0xC018A407;

    private static final long ALL = Secinfo.R | Secinfo.W | Secinfo.X;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        SGX2(Errno.ENODEV, "the processor has SGX2"),
        INITIALIZED(Errno.EINVAL, "the enclave is initialised"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        RANGE(
                Errno.EINVAL,
                "offset and length are multiples of 4096, length is not 0, and the range lies in the enclave"),
        OUTPUT_ZERO(Errno.EINVAL, "count is 0"),
        PAGE_AT_ONCE(Errno.EAGAIN, "the page is not being reclaimed and an EPC page is free where it must be loaded"),
        PAGE_LOADED(Errno.EFAULT, "the page exists and can be loaded"),
        PAGE_TRIMMED(Errno.EPERM, "the page is trimmed"),
        PAGE_ACCEPTED(Errno.EPERM, "the enclave has accepted that the page is trimmed"),
        PAGE_KEPT(Errno.EBUSY, "the reclaimer does not take the page just now"),
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

    private static final long OFFSET = 0;
    private static final long LENGTH = 8;
    private static final long COUNT = 16;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public RemovePages {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static RemovePages allocate() {
        return new RemovePages(MemorySegment.ofArray(new byte[SIZE]));
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

    /** Out: how many bytes were removed. */
    public long count() {
        return u64(memory, COUNT);
    }

    public void count(long v) {
        u64(memory, COUNT, v);
    }

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Enclave enclave = file.theEnclave();
        Refused.unless(file.kernel().features().sgx2(), Cause.SGX2, "SGX2", "SGX1");
        Refused.unless(enclave.isInitialized(), Cause.INITIALIZED, "an initialised enclave", "no EINIT yet");

        RemovePages remove = new RemovePages(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        PageRange.check(enclave, remove.offset(), remove.length(), Cause.RANGE);
        Refused.unless(remove.count() == 0, Cause.OUTPUT_ZERO, "0", remove.count());
        return PageLoop.run(
                enclave,
                caller,
                arg,
                remove.memory(),
                remove.length(),
                COUNT,
                Cause.ARGUMENT_WRITABLE,
                done -> page(enclave, enclave.base() + remove.offset() + done));
    }

    private static void page(Enclave enclave, long address) throws Refused {
        Kernel kernel = enclave.kernel();
        enclave.lock().lock();
        try {
            int index = PageLoop.load(enclave, address, Cause.PAGE_AT_ONCE, Cause.PAGE_LOADED);
            EnclavePages pages = enclave.pageTable();
            Refused.unless(
                    pages.type(index) == PageType.TRIM.code(),
                    Cause.PAGE_TRIMMED,
                    "PT_TRIM",
                    "PT_" + PageType.of(pages.type(index)));
            int page = pages.place(index);
            Outcome outcome = enclave.record(PageLoop.onProcessor(enclave, processor -> processor.emodpr(page, ALL)));
            boolean accepted = PageLoop.isPageFault(outcome);
            Refused.unless(accepted, Cause.PAGE_ACCEPTED, "an accepted page", outcome.toString());
            Refused.unless(
                    kernel.pages().unmarkReclaimable(page),
                    Cause.PAGE_KEPT,
                    "a page at rest",
                    "one that is being reclaimed");
            enclave.zap(address);
            kernel.remove(InterfaceKind.MAINLINE, page, enclave.workload());
            enclave.removeChild();
            pages.remove(index);
            enclave.shrink(Enclave.NONE);
        } finally {
            enclave.lock().unlock();
        }
    }
}
