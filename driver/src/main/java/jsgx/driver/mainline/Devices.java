package jsgx.driver.mainline;

import jsgx.driver.Availability;
import jsgx.driver.Errno;
import jsgx.driver.SgxDevice;
import jsgx.driver.core.Device;
import jsgx.driver.core.Kernel;

/** The three devices of mainline and what it takes for each to appear. Only the driver itself can make them. */
public final class Devices {

    /** The device that enclaves are made with. */
    public static final String ENCLAVE = "/dev/sgx_enclave";

    /** The device whose descriptor lets an enclave have PROVISIONKEY. */
    public static final String PROVISION = "/dev/sgx_provision";

    /** The device of EPC for virtual machines. */
    public static final String VEPC = "/dev/sgx_vepc";

    private Devices() {}

    /**
     * {@code /dev/sgx_enclave}; absent with -ENODEV where SGX is not enabled, and where the hash MSRs cannot be written: mainline
     * leaves launch control to nobody else.
     */
    @SuppressWarnings("exports")
    public static SgxDevice enclave(Kernel kernel) {
        return new Device(ENCLAVE, () -> probeEnclave(kernel), workload -> new EnclaveFile(kernel, workload));
    }

    /** {@code /dev/sgx_provision}; absent with -ENODEV where SGX is not enabled, or neither of the others appears. */
    @SuppressWarnings("exports")
    public static SgxDevice provision(Kernel kernel) {
        return new Device(
                PROVISION,
                () -> kernel.options().virtualization() ? probeSgx(kernel) : probeEnclave(kernel),
                workload -> new ProvisionFile());
    }

    /** {@code /dev/sgx_vepc}; absent with -ENODEV where SGX is not enabled or the machine cannot run virtual machines. */
    @SuppressWarnings("exports")
    public static SgxDevice vepc(Kernel kernel) {
        VepcFile.Zombies zombies = new VepcFile.Zombies();
        return new Device(VEPC, () -> probeVepc(kernel), workload -> new VepcFile(kernel, workload, zombies));
    }

    private static Availability probeSgx(Kernel kernel) {
        return kernel.sgxEnabled()
                ? new Availability.Present()
                : new Availability.Absent(
                        Errno.ENODEV,
                        "SGX is not enabled in IA32_FEATURE_CONTROL (bit 18), or the register is not locked");
    }

    private static Availability probeEnclave(Kernel kernel) {
        Availability sgx = probeSgx(kernel);
        if (sgx instanceof Availability.Absent) {
            return sgx;
        }
        return kernel.hashWritable()
                ? sgx
                : new Availability.Absent(
                        Errno.ENODEV,
                        "SGX launch control is not available: the IA32_SGXLEPUBKEYHASH MSRs cannot be written, and"
                                + " mainline Linux supports only writable ones");
    }

    private static Availability probeVepc(Kernel kernel) {
        return kernel.options().virtualization()
                ? probeSgx(kernel)
                : new Availability.Absent(Errno.ENODEV, "the machine cannot run virtual machines (no VMX)");
    }
}
