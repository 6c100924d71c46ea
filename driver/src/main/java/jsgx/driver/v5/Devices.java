package jsgx.driver.v5;

import java.util.Map;
import jsgx.driver.Availability;
import jsgx.driver.DeviceFile;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDevice;
import jsgx.driver.Workload;
import jsgx.driver.core.Device;
import jsgx.driver.core.Kernel;
import jsgx.driver.legacy.LegacyFile;

/** The device of the v5 series. Only the driver itself can make it. */
public final class Devices {

    /** The device that enclaves are made with. */
    public static final String PATH = "/dev/sgx";

    private static final Map<Integer, LegacyFile.Handler> HANDLERS = Map.of(
            Create.CMD, Create::run,
            AddPage.CMD, AddPage::run,
            Init.CMD, Init::run,
            Init.CMD_WITH_FLAGS, Init::runWithFlags);

    private static final int HASH_SIZE = 32;

    private Devices() {}

    /**
     * {@code /dev/sgx}; absent with -ENODEV where SGX is not enabled, the processor has no launch control, or there is no launch
     * enclave. Where the hash MSRs are locked to another signer the device is there, and the launch enclave does not start: its
     * EINIT returns SGX_INVALID_ATTRIBUTE. From v8 on the driver compares them and is absent.
     */
    @SuppressWarnings("exports")
    public static SgxDevice device(Kernel kernel) {
        return new Device(PATH, () -> probe(kernel), workload -> file(kernel, workload, false));
    }

    /** The same device as the kernel hands it to its launch enclave. */
    @SuppressWarnings("exports")
    public static SgxDevice forLaunchEnclave(Kernel kernel) {
        return new Device(PATH, () -> probe(kernel), workload -> file(kernel, workload, true));
    }

    private static DeviceFile file(Kernel kernel, Workload workload, boolean launchEnclave) {
        return new LegacyFile(kernel, InterfaceKind.V5, PATH, HANDLERS, workload, launchEnclave);
    }

    private static Availability probe(Kernel kernel) {
        if (!kernel.sgxEnabled()) {
            return absent("SGX is not enabled in IA32_FEATURE_CONTROL (bit 18), or the register is not locked");
        }
        if (!kernel.features().flc()) {
            return absent("the processor has no launch control (CPUID.7.0:ECX[30])");
        }
        byte[] signer = kernel.launchEnclaveSigner();
        if (signer.length != HASH_SIZE) {
            return absent("there is no launch enclave to start");
        }
        return new Availability.Present();
    }

    private static Availability absent(String reason) {
        return new Availability.Absent(Errno.ENODEV, reason);
    }
}
