package jsgx.driver.mainline;

import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;
import jsgx.driver.core.UserMemory;

/**
 * SGX_IOC_ENCLAVE_PROVISION: lets the enclave have ATTRIBUTES.PROVISIONKEY. Whoever can open {@code /dev/sgx_provision} can do
 * that. What was allowed before {@link Create} is forgotten by it.
 *
 * <p>Returns 0, or:
 *
 * <ul>
 *   <li>-EFAULT: the argument cannot be read.
 *   <li>-EINVAL: fd is not an open {@code /dev/sgx_provision}.
 * </ul>
 */
public record Provision(MemorySegment memory) {

    /** Size of its structure in bytes. */
    public static final int SIZE = 8;

    /** The request number. */
    public static final int CMD = 0x4008A403;

    /** Why it fails in the driver itself, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        ARGUMENT_READABLE(Errno.EFAULT, "the argument can be read"),
        FD_PROVISION(Errno.EINVAL, "fd is an open /dev/sgx_provision");

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

    private static final long FD = 0;

    /** A view of the first {@value #SIZE} bytes of memory that has at least that many. */
    public Provision {
        memory = memory.asSlice(0, SIZE);
    }

    /** A zeroed structure on the heap. */
    public static Provision allocate() {
        return new Provision(MemorySegment.ofArray(new byte[SIZE]));
    }

    /** A descriptor of {@code /dev/sgx_provision}. */
    public long fd() {
        return u64(memory, FD);
    }

    public void fd(long v) {
        u64(memory, FD, v);
    }

    static long run(EnclaveFile file, AddressSpace caller, long arg) throws Refused {
        Provision provision = new Provision(UserMemory.read(caller, arg, SIZE, Cause.ARGUMENT_READABLE));
        boolean found = caller.file((int) provision.fd()).orElse(file) instanceof ProvisionFile;
        Refused.unless(found, Cause.FD_PROVISION, "an open /dev/sgx_provision", provision.fd());
        file.attributes().allow(jsgx.arch.struct.Attributes.PROVISIONKEY);
        return 0;
    }
}
