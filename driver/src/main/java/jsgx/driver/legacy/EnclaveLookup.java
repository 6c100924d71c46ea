package jsgx.driver.legacy;

import java.util.Optional;
import jsgx.arch.epc.Epc;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceMapping;
import jsgx.driver.Errno;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;

/** How a request finds its enclave: by an address in a mapping of the device (sgx_encl_get). */
public final class EnclaveLookup {

    /** SGX_POWER_LOST_ENCLAVE: what every request returns on an enclave that power loss took. */
    public static final long POWER_LOST = 0x4000_0000L;

    /** Why no enclave is found, in the order of the checks. */
    public enum Cause implements Refusal.Cause {
        ADDRESS_ALIGNED(Errno.EINVAL.result(), "the address is a multiple of 4096"),
        ADDRESS_MAPPED(Errno.EINVAL.result(), "the address lies in a mapping of the device"),
        ENCLAVE_CREATED(Errno.ENOENT.result(), "an enclave was created in the mapping"),
        POWER_KEPT(POWER_LOST, "power was not lost since the enclave was created");

        private final long result;
        private final String rule;

        Cause(long result, String rule) {
            this.result = result;
            this.rule = rule;
        }

        @Override
        public long result() {
            return result;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private EnclaveLookup() {}

    /** The enclave at an address, with a reference that the caller drops. */
    public static Enclave find(LegacyFile file, AddressSpace caller, long address) throws Refused {
        Refused.unless(address % Epc.PAGE_SIZE == 0, Cause.ADDRESS_ALIGNED, "a multiple of 4096", address);
        Optional<DeviceMapping> mapping = mapping(file, caller, address);
        Refused.unless(mapping.isPresent(), Cause.ADDRESS_MAPPED, "an address in a mapping", address);
        Optional<Enclave> enclave = LegacyFile.enclave(mapping.get());
        Refused.unless(enclave.isPresent() && enclave.get().acquire(), Cause.ENCLAVE_CREATED, "an enclave", address);
        if (enclave.get().isSuspended()) {
            enclave.get().drop();
            throw new Refused(Cause.POWER_KEPT, "power all the time", "a power loss");
        }
        return enclave.get();
    }

    /** The mapping of this device at an address. */
    public static Optional<DeviceMapping> mapping(LegacyFile file, AddressSpace caller, long address) {
        return caller.mappings()
                .at(address)
                .filter(mapping -> mapping.operations() instanceof LegacyFile other && other.kind() == file.kind());
    }
}
