package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS: takes permissions from pages of an initialised enclave (EMODPR, ETRACK), which the enclave
 * must accept. Permissions that a page does not have are not given.
 *
 * <p>result and count are written back whenever the arguments were in order: what EMODPR returned for the page at which the call
 * ended, and how many bytes were changed before it.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-ENODEV: the processor has no SGX2.
 *   <li>-EINVAL: the enclave is not initialised; offset or length is not a multiple of 4096; length is 0; the range leaves the
 *       enclave; permissions has other bits than R, W, X, or W without R; result or count is not 0; or a page is not regular.
 *   <li>-EFAULT: the argument cannot be read or written back; there is no such page, or it cannot be loaded; EMODPR returned an
 *       error code (in result) or raised a fault; or ETRACK failed.
 *   <li>-EAGAIN: the page is being reclaimed, or there was no EPC page to load it into.
 * </ul>
 */
public record RestrictPermissions(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 40;

    /** The request number. */
    public static final int CMD = 0xC028A405;

    private static final long ALL = Secinfo.R | Secinfo.W | Secinfo.X;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        SGX2(Errno.ENODEV, "the processor has SGX2"),
        INITIALIZED(Errno.EINVAL, "the enclave is initialised"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        RANGE(
                Errno.EINVAL,
                "offset and length are multiples of 4096, length is not 0, and the range lies in the enclave"),
        PERMISSIONS(Errno.EINVAL, "permissions only has the bits R, W and X"),
        W_NEEDS_R(Errno.EINVAL, "permissions has R where it has W"),
        OUTPUTS_ZERO(Errno.EINVAL, "result and count are 0"),
        PAGE_AT_ONCE(Errno.EAGAIN, "the page is not being reclaimed and an EPC page is free where it must be loaded"),
        PAGE_LOADED(Errno.EFAULT, "the page exists and can be loaded"),
        PAGE_REG(Errno.EINVAL, "the page is a regular one"),
        EMODPR_FAULT(Errno.EFAULT, "EMODPR raises no fault"),
        EMODPR(Errno.EFAULT, "EMODPR succeeds"),
        ETRACK(Errno.EFAULT, "ETRACK succeeds"),
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
    private static final long PERMISSIONS = 16;
    private static final long RESULT = 24;
    private static final long COUNT = 32;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public RestrictPermissions {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static RestrictPermissions allocate() {
        return new RestrictPermissions(MemorySegment.ofArray(new byte[SIZE]));
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

    /** The permissions that remain: SECINFO bits R, W, X. */
    public long permissions() {
        return u64(memory, PERMISSIONS);
    }

    public void permissions(long v) {
        u64(memory, PERMISSIONS, v);
    }

    /** Out: what EMODPR returned. */
    public long result() {
        return u64(memory, RESULT);
    }

    public void result(long v) {
        u64(memory, RESULT, v);
    }

    /** Out: how many bytes were changed. */
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

        RestrictPermissions restrict =
                new RestrictPermissions(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        PageRange.check(enclave, restrict.offset(), restrict.length(), Cause.RANGE);
        long permissions = restrict.permissions();
        long rw = permissions & (Secinfo.R | Secinfo.W);
        Refused.unless((permissions & ~ALL) == 0, Cause.PERMISSIONS, "bits of 0x7", permissions);
        Refused.unless(rw != Secinfo.W, Cause.W_NEEDS_R, "R with W", permissions);
        Refused.unless(restrict.result() == 0 && restrict.count() == 0, Cause.OUTPUTS_ZERO, "0", "other values");

        return PageLoop.run(
                enclave,
                caller,
                arg,
                restrict.memory(),
                restrict.length(),
                COUNT,
                Cause.ARGUMENT_WRITABLE,
                done -> restrict.page(enclave, enclave.base() + restrict.offset() + done));
    }

    private void page(Enclave enclave, long address) throws Refused {
        enclave.lock().lock();
        try {
            int index = PageLoop.load(enclave, address, Cause.PAGE_AT_ONCE, Cause.PAGE_LOADED);
            EnclavePages pages = enclave.pageTable();
            Refused.unless(
                    pages.type(index) == PageType.REG.code(),
                    Cause.PAGE_REG,
                    "PT_REG",
                    "PT_" + PageType.of(pages.type(index)));
            Outcome outcome = enclave.record(
                    PageLoop.onProcessor(enclave, processor -> processor.emodpr(pages.place(index), permissions())));
            PageLoop.check(outcome, memory, RESULT, Cause.EMODPR_FAULT, Cause.EMODPR);
            PageLoop.flush(enclave, Cause.ETRACK);
        } finally {
            enclave.lock().unlock();
        }
    }
}
