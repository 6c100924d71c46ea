package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Outcome;
import jsgx.arch.struct.Secs;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Kernel;
import jsgx.driver.core.Processor;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_CREATE: makes the enclave of this file (ECREATE).
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-EINVAL: the enclave was created before; or SECS.SIZE is not a power of two.
 *   <li>-EFAULT: the argument or the SECS cannot be read; or no version array could be made.
 *   <li>-ENOMEM: no EPC page can be had: all are in use by what cannot be reclaimed, or the account is full.
 *   <li>-ERESTARTSYS: a signal came while pages were reclaimed.
 *   <li>-EIO: ECREATE raised a fault, for whatever else is wrong with the SECS.
 * </ul>
 */
public record Create(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = 0x4008A400;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        NOT_CREATED(Errno.EINVAL, "the file has no enclave yet"),
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        SECS_READABLE(Errno.EFAULT, "the 4096 bytes at src can be read"),
        SIZE_POWER_OF_TWO(Errno.EINVAL, "SECS.SIZE is a power of two"),
        ECREATE(Errno.EIO, "ECREATE succeeds");

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

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Enclave enclave = file.theEnclave();
        Refused.unless(!enclave.isCreated(), Cause.NOT_CREATED, "a file without an enclave", "an enclave");
        Create create = new Create(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        Secs secs = new Secs(UserMemory.read(caller, create.src(), Secs.SIZE, Cause.SECS_READABLE));
        Refused.unless(Long.bitCount(secs.size()) == 1, Cause.SIZE_POWER_OF_TWO, "a power of two", secs.size());

        enclave.addSpace(caller);
        int versionArray = enclave.grow(true, caller);
        int page;
        try {
            page = file.kernel().allocate(InterfaceKind.MAINLINE, enclave.workload(), true, caller);
        } catch (Refused e) {
            enclave.shrink(versionArray);
            throw e;
        }
        Outcome outcome = ecreate(file.kernel(), page, secs);
        enclave.record(outcome);
        if (!outcome.isSuccess()) {
            file.kernel().remove(InterfaceKind.MAINLINE, page, enclave.workload());
            enclave.shrink(versionArray);
            throw new Refused(Cause.ECREATE, "a SECS that ECREATE takes", outcome.toString());
        }
        file.attributes().reset();
        enclave.created(secs, page, versionArray);
        return 0;
    }

    private static Outcome ecreate(Kernel kernel, int page, Secs secs) {
        Processor processor = kernel.processors().acquire();
        try {
            return processor.ecreate(page, secs.memory());
        } finally {
            kernel.processors().release(processor);
        }
    }
}
