package jsgx.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.UnaryOperator;
import jsgx.arch.CpuFeatures;
import jsgx.arch.LogicalProcessor;
import jsgx.driver.core.Launches;
import org.junit.jupiter.api.Test;

/** Which device appears on which machine. */
class AvailabilityTest {

    private static final long LOCKED =
            LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE;

    private static UnaryOperator<DriverOptions> lockedTo(byte[] hash) {
        return options -> options.withFirmware(processor -> {
            processor.firmwareLePubKeyHash(Launches.msrs(hash));
            processor.featureControl(LOCKED);
        });
    }

    private static void expect(
            CpuFeatures features, UnaryOperator<DriverOptions> change, boolean mainline, boolean v5, boolean isgx) {
        try (Machine machine = new Machine(16, features, change)) {
            assertThat(isThere(machine.driver.mainline())).isEqualTo(mainline);
            assertThat(isThere(machine.driver.v5())).isEqualTo(v5);
            assertThat(isThere(machine.driver.isgx())).isEqualTo(isgx);
        }
    }

    private static boolean isThere(SgxDevice device) {
        if (device.availability() instanceof Availability.Absent absent) {
            assertThat(absent.errno()).isEqualTo(Errno.ENODEV);
            assertThatThrownBy(() -> device.open(Machine.WORKLOAD))
                    .isInstanceOf(DeviceAbsentException.class)
                    .hasMessageContaining(device.path())
                    .hasMessageContaining(absent.reason());
            return false;
        }
        return true;
    }

    @Test
    void withLaunchControlAllAreThere() {
        expect(CpuFeatures.SGX2, options -> options, true, true, true);
    }

    @Test
    void withLockedMsrsThatHoldTheLaunchEnclavesSignerMainlineIsAbsent() {
        expect(CpuFeatures.SGX2, lockedTo(Machine.LE.mrSigner()), false, true, true);
    }

    @Test
    void withMsrsThatAreLockedToAnotherMainlineIsAbsentAndV5OnlyFindsOutWhenItsLaunchEnclaveStarts() {
        expect(CpuFeatures.SGX2, lockedTo(Machine.AUTHOR.mrSigner()), false, true, true);
    }

    @Test
    void withoutLaunchControlOnlyIsgxIsThere() {
        expect(CpuFeatures.SGX1, options -> options, false, false, true);
    }

    @Test
    void withoutALaunchEnclaveV5IsAbsent() {
        expect(CpuFeatures.SGX2, options -> options.withLaunchEnclaveSigner(new byte[0]), true, false, true);
    }

    @Test
    void withSgxDisabledNothingIsThere() {
        expect(
                CpuFeatures.SGX2,
                options -> options.withFirmware(
                        processor -> processor.featureControl(LogicalProcessor.FEATURE_CONTROL_LOCK)),
                false,
                false,
                false);
    }

    @Test
    void virtualMachinesNeedVmx() {
        try (Machine machine = new Machine(16, CpuFeatures.SGX2, options -> options.withVirtualization(false))) {
            assertThat(isThere(machine.driver.vepc())).isFalse();
            assertThat(isThere(machine.driver.provision())).isTrue();
        }
        try (Machine machine = new Machine(16)) {
            assertThat(isThere(machine.driver.vepc())).isTrue();
        }
    }
}
