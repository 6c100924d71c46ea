package jsgx.driver.isgx;

import java.util.Map;
import jsgx.driver.Availability;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDevice;
import jsgx.driver.core.Device;
import jsgx.driver.core.Kernel;
import jsgx.driver.legacy.LegacyFile;

/** The device of the out-of-tree driver. Only the driver itself can make it. */
public final class Devices {

    /** The device that enclaves are made with. */
    public static final String PATH = "/dev/isgx";

    private static final Map<Integer, LegacyFile.Handler> HANDLERS = Map.of(
            Create.CMD, Create::run,
            AddPage.CMD, AddPage::run,
            Init.CMD, Init::run,
            Emodpr.CMD, Emodpr::run,
            Mktcs.CMD, Mktcs::run,
            Trim.CMD, Trim::run,
            NotifyAccept.CMD, NotifyAccept::run,
            PageRemove.CMD, PageRemove::run);

    private Devices() {}

    /** {@code /dev/isgx}; absent with -ENODEV where SGX is not enabled. It works with locked hash MSRs. */
    @SuppressWarnings("exports")
    public static SgxDevice device(Kernel kernel) {
        return new Device(
                PATH,
                () -> probe(kernel),
                workload -> new LegacyFile(kernel, InterfaceKind.ISGX, PATH, HANDLERS, workload, false));
    }

    private static Availability probe(Kernel kernel) {
        return kernel.sgxEnabled()
                ? new Availability.Present()
                : new Availability.Absent(
                        Errno.ENODEV,
                        "SGX is not enabled in IA32_FEATURE_CONTROL (bit 18), or the register is not locked");
    }
}
