package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.struct.PageType;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.EnclavePages;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_MODIFY_TYPES: changes the type of pages of an initialised enclave (EMODT, ETRACK), which the enclave must
 * accept: a regular page becomes a TCS, and either becomes a trimmed one, which {@link RemovePages} removes.
 *
 * <p>result and count are written back whenever the arguments were in order: what EMODT returned for the page at which the call
 * ended, and how many bytes were changed before it.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-ENODEV: the processor has no SGX2.
 *   <li>-EINVAL: the enclave is not initialised; offset or length is not a multiple of 4096; length is 0; the range leaves the
 *       enclave; pageType has bits above the lowest 8, or is neither PT_TCS nor PT_TRIM; result or count is not 0; or the page
 *       is not of a type that can become the new one. Where the type is neither, count stays as it is and is written back.
 *   <li>-EFAULT: the argument cannot be read or written back; there is no such page, or it cannot be loaded; EMODT returned an
 *       error code (in result) or raised a fault; or ETRACK failed.
 *   <li>-EPERM: a page that was added without R and W is to become a TCS.
 *   <li>-EAGAIN: the page is being reclaimed, or there was no EPC page to load it into.
 * </ul>
 */
public record ModifyTypes(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 40;

    /** The request number. */
    public static final int CMD = 0xC028A406;

    private static final int READ_WRITE = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;
    private static final int TYPE_SHIFT = 8;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        SGX2(Errno.ENODEV, "the processor has SGX2"),
        INITIALIZED(Errno.EINVAL, "the enclave is initialised"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        RANGE(
                Errno.EINVAL,
                "offset and length are multiples of 4096, length is not 0, and the range lies in the enclave"),
        TYPE_BITS(Errno.EINVAL, "pageType has no bits above the lowest 8"),
        OUTPUTS_ZERO(Errno.EINVAL, "result and count are 0"),
        TYPE(Errno.EINVAL, "pageType is PT_TCS or PT_TRIM"),
        PAGE_AT_ONCE(Errno.EAGAIN, "the page is not being reclaimed and an EPC page is free where it must be loaded"),
        PAGE_LOADED(Errno.EFAULT, "the page exists and can be loaded"),
        PAGE_TYPE_CHANGE(Errno.EINVAL, "the page is regular, or is a TCS that is to be trimmed"),
        TCS_FROM_RW(Errno.EPERM, "a page that becomes a TCS was added with R and W"),
        EMODT_FAULT(Errno.EFAULT, "EMODT raises no fault"),
        EMODT(Errno.EFAULT, "EMODT succeeds"),
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
    private static final long PAGE_TYPE = 16;
    private static final long RESULT = 24;
    private static final long COUNT = 32;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public ModifyTypes {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static ModifyTypes allocate() {
        return new ModifyTypes(MemorySegment.ofArray(new byte[SIZE]));
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

    /** The new type: PT_TCS or PT_TRIM. */
    public long pageType() {
        return u64(memory, PAGE_TYPE);
    }

    public void pageType(long v) {
        u64(memory, PAGE_TYPE, v);
    }

    /** Out: what EMODT returned. */
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

        ModifyTypes modify = new ModifyTypes(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        PageRange.check(enclave, modify.offset(), modify.length(), Cause.RANGE);
        Refused.unless((modify.pageType() & ~0xffL) == 0, Cause.TYPE_BITS, "8 bits", modify.pageType());
        Refused.unless(modify.result() == 0 && modify.count() == 0, Cause.OUTPUTS_ZERO, "0", "other values");
        PageType type = PageType.of((int) modify.pageType());
        if (type != PageType.TCS && type != PageType.TRIM) {
            UserMemory.write(caller, arg, modify.memory(), Cause.ARGUMENT_WRITABLE);
            throw new Refused(Cause.TYPE, "PT_TCS or PT_TRIM", "PT_" + type);
        }
        return PageLoop.run(
                enclave,
                caller,
                arg,
                modify.memory(),
                modify.length(),
                COUNT,
                Cause.ARGUMENT_WRITABLE,
                done -> modify.page(enclave, enclave.base() + modify.offset() + done, type));
    }

    private void page(Enclave enclave, long address, PageType type) throws Refused {
        enclave.lock().lock();
        try {
            int index = PageLoop.load(enclave, address, Cause.PAGE_AT_ONCE, Cause.PAGE_LOADED);
            EnclavePages pages = enclave.pageTable();
            PageType old = PageType.of(pages.type(index));
            Refused.unless(
                    old == PageType.REG || (old == PageType.TCS && type == PageType.TRIM),
                    Cause.PAGE_TYPE_CHANGE,
                    "PT_REG, or PT_TCS to trim",
                    "PT_" + old);
            int oldProtection = pages.protection(index);
            if (old == PageType.REG && type == PageType.TCS) {
                Refused.unless(
                        (~oldProtection & READ_WRITE) == 0,
                        Cause.TCS_FROM_RW,
                        "at least rw-",
                        MapPermission.permissions(oldProtection));
                // A TCS is never executable, and what mappings show of the page until now may be.
                pages.protection(index, READ_WRITE);
                enclave.zap(address);
            }
            try {
                Outcome outcome = enclave.record(PageLoop.onProcessor(
                        enclave, processor -> processor.emodt(pages.place(index), (long) type.code() << TYPE_SHIFT)));
                PageLoop.check(outcome, memory, RESULT, Cause.EMODT_FAULT, Cause.EMODT);
            } catch (Refused e) {
                pages.protection(index, oldProtection);
                throw e;
            }
            PageLoop.flush(enclave, Cause.ETRACK);
            pages.type(index, type.code());
        } finally {
            enclave.lock().unlock();
        }
    }
}
