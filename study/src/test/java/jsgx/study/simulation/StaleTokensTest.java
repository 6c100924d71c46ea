package jsgx.study.simulation;

import static jsgx.study.simulation.Simulations.BOTH;
import static jsgx.study.simulation.Simulations.EINIT;
import static jsgx.study.simulation.Simulations.FROM_KERNEL;
import static jsgx.study.simulation.Simulations.FROM_SOCKET;
import static jsgx.study.simulation.Simulations.KERNEL;
import static jsgx.study.simulation.Simulations.USER;
import static jsgx.study.simulation.Simulations.last;
import static jsgx.study.simulation.Simulations.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a launch enclave's rotation, a migration, another CPUSVN and a reboot do to tokens. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class StaleTokensTest {

    @Test
    void aRotatedLaunchEnclaveIsNoticedByTheKernelAndByUserSpaceAtEinit() {
        TestTrace trace = TestTrace.single(1)
                .launches(0, 0)
                .then(Event.ROTATE_LAUNCH_ENCLAVE, 0, 0)
                .launches(0);

        assertThat(last(trace, KERNEL)).isEqualTo(EINIT + FROM_KERNEL);
        assertThat(run(trace, KERNEL).reissues()).isZero();
        assertThat(last(trace, USER)).isEqualTo(3 + EINIT + FROM_SOCKET + 10_000 + EINIT);
        assertThat(run(trace, USER).reissues()).isEqualTo(1);
        assertThat(run(trace, BOTH).reissues()).isEqualTo(1);
        assertThat(last(trace.launches(0), USER)).isEqualTo(3 + EINIT);
    }

    @Test
    void aMigratedKernelServesStaleTokensUntilEinitRefusesThem() {
        TestTrace trace =
                TestTrace.single(1).launches(0, 0).then(Event.MIGRATE, 0, 1).launches(0);

        assertThat(last(trace, KERNEL)).isEqualTo(EINIT + 1 + EINIT + FROM_KERNEL);
        assertThat(run(trace, KERNEL).reissues()).isEqualTo(1);
        assertThat(run(trace, USER).reissues()).isEqualTo(1);
        Measured both = run(trace, BOTH);
        assertThat(both.reissues()).as("the store's, then the kernel's").isEqualTo(2);
        assertThat(both.launchEnclaveCalls()).isEqualTo(2);
        assertThat(last(trace.launches(0), KERNEL)).isEqualTo(EINIT + 1);
        assertThat(last(trace, BOTH)).isEqualTo(3 + EINIT);
        assertThat(run(trace, KERNEL).rebootCalls()).isEqualTo(1);
    }

    @Test
    void aRaisedCpuSvnCostsTheKernelItsCacheAndUserSpaceNothing() {
        TestTrace trace =
                TestTrace.single(1).launches(0).then(Event.RAISE_CPUSVN, 0, 0).launches(0);

        assertThat(run(trace, KERNEL).launchEnclaveCalls()).isEqualTo(2);
        assertThat(run(trace, USER).launchEnclaveCalls()).isEqualTo(1);
        assertThat(run(trace, USER).reissues()).isZero();
    }

    @Test
    void aLoweredCpuSvnRefusesWhatWasMadeAboveIt() {
        TestTrace trace = TestTrace.single(2)
                .launches(0)
                .then(Event.RAISE_CPUSVN, 0, 0)
                .launches(0, 1)
                .then(Event.LOWER_CPUSVN, 0, 0)
                .launches(0, 1);

        Measured user = run(trace, USER);
        assertThat(user.reissues()).as("that of the second enclave").isEqualTo(1);
        assertThat(user.hits()).isEqualTo(2);
        assertThat(run(trace, KERNEL).reissues()).as("the kernel knows").isZero();
        assertThat(run(trace, KERNEL).hits()).isZero();
    }

    @Test
    void aRebootLosesTheKernelsCacheAndKeepsTheStore() {
        TestTrace trace =
                TestTrace.single(1).launches(0, 0).then(Event.REBOOT, 0, 0).launches(0);

        assertThat(last(trace, KERNEL)).isEqualTo(EINIT + FROM_KERNEL);
        assertThat(last(trace, USER)).as("from the disk").isEqualTo(40 + EINIT);
        assertThat(last(trace.launches(0), USER)).as("from memory").isEqualTo(3 + EINIT);

        Measured kernel = run(trace, KERNEL);
        assertThat(kernel.reboots()).isEqualTo(1);
        assertThat(kernel.rebootCalls()).isEqualTo(1);
        assertThat(kernel.rebootNanos()).isEqualTo(FROM_KERNEL - 1);
        Measured user = run(trace, USER);
        assertThat(user.rebootCalls()).isZero();
        assertThat(user.rebootNanos()).isEqualTo(40 - 3);
    }
}
