package jsgx.study.simulation;

import static jsgx.study.simulation.Simulations.BOTH;
import static jsgx.study.simulation.Simulations.KERNEL;
import static jsgx.study.simulation.Simulations.USER;
import static jsgx.study.simulation.Simulations.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a revocation does, and what tokens alone would let pass. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class SimulatedRevocationTest {

    @Test
    void whatIsRevokedNeverLaunchesAndTokensAloneWouldLetItPass() {
        TestTrace trace = TestTrace.single(2)
                .launches(0, 1)
                .then(Event.REVOKE, 0, 0)
                .launches(0, 1, 0)
                .then(Event.ROTATE_LAUNCH_ENCLAVE, 0, 0)
                .launches(0);

        for (Design design : new Design[] {Design.NONE, KERNEL, USER, BOTH}) {
            Measured measured = run(trace, design);
            assertThat(measured.launches()).isEqualTo(3);
            assertThat(measured.ungoverned())
                    .as("%s; the rotation ends it", design)
                    .isEqualTo(design.equals(Design.NONE) ? 0 : 2);
            assertThat(measured.revokeNanos()).isEqualTo(80_000_000);
        }
    }

    @Test
    void aRevokedTokenThatTheKernelLostPassesOnlyWhereUserSpaceHasIt() {
        TestTrace rebooted = TestTrace.single(1)
                .launches(0)
                .then(Event.REVOKE, 0, 0)
                .then(Event.REBOOT, 0, 0)
                .launches(0);
        assertThat(run(rebooted, KERNEL).ungoverned()).isZero();
        assertThat(run(rebooted, USER).ungoverned()).isEqualTo(1);

        TestTrace migrated = TestTrace.single(1)
                .launches(0)
                .then(Event.REVOKE, 0, 0)
                .then(Event.MIGRATE, 0, 1)
                .launches(0);
        assertThat(run(migrated, KERNEL).ungoverned()).isZero();
        assertThat(run(migrated, USER).ungoverned()).isZero();

        TestTrace crowded =
                TestTrace.single(2).launches(0).then(Event.REVOKE, 0, 0).launches(1, 0);
        Design one = Design.kernel(Scheme.LRU, Scheme.LRU.entryBytes(), Charging.SHARED);
        assertThat(run(crowded, one).ungoverned()).as("it had to make room").isZero();
        assertThat(run(crowded, KERNEL).ungoverned()).isEqualTo(1);
        assertThat(run(TestTrace.single(1).then(Event.REVOKE, 0, 0).launches(0, 0), KERNEL)
                        .ungoverned())
                .as("policy refuses to have one made")
                .isZero();
    }

    @Test
    void whatIsReinstatedLaunchesAgainWithAFreshToken() {
        TestTrace trace = TestTrace.single(1)
                .launches(0, 0)
                .then(Event.REVOKE, 0, 0)
                .launches(0)
                .then(Event.REINSTATE, 0, 0)
                .launches(0, 0);

        for (Design design : new Design[] {KERNEL, USER, BOTH}) {
            Measured measured = run(trace, design);
            assertThat(measured.launches()).as("%s", design).isEqualTo(4);
            assertThat(measured.launchEnclaveCalls()).as("%s", design).isEqualTo(2);
            assertThat(measured.hits()).as("%s", design).isEqualTo(2);
        }
    }

    @Test
    void aRevocationHoldsBeforeOneMachineHasLookedThroughWhatItHolds() {
        Costs costs = TestTrace.costs(Map.of(
                Step.REVOKE, 1_000L, Step.PURGE_KERNEL, 20L, Step.PURGE_STORE, 500L, Step.PURGE_STORE_TOKEN, 3L));
        TestTrace trace = new TestTrace(new int[] {0, 0, 1}, new int[] {0, 0}, 1, 2)
                .add(0, Event.LAUNCH, 0, 0)
                .add(1, Event.LAUNCH, 1, 0)
                .add(2, Event.LAUNCH, 2, 0)
                .add(3, Event.LAUNCH, 2, 1)
                .add(4, Event.REVOKE, 0, 0);

        for (Design design : new Design[] {KERNEL, USER, BOTH}) {
            assertThat(Simulator.run(trace, design, costs, 1).revokeNanos()).isEqualTo(1_000);
        }
        assertThat(Simulator.run(trace, KERNEL, costs, 1).purgeNanos()).isEqualTo(40);
        assertThat(Simulator.run(trace, USER, costs, 1).purgeNanos()).isEqualTo(2 * 503);
        assertThat(Simulator.run(trace, BOTH, costs, 1).purgeNanos()).isEqualTo(20 + 2 * 503);
        assertThat(Simulator.run(trace.first(4), USER, costs, 1).revokeNanos()).isZero();
        TestTrace elsewhere = TestTrace.single(2).launches(0).then(Event.REVOKE, 0, 1);
        assertThat(Simulator.run(elsewhere, USER, costs, 1).purgeNanos())
                .as("a store without it is read and not written")
                .isZero();
        TestTrace two = TestTrace.single(2).launches(0, 1).then(Event.REVOKE, 0, 1);
        assertThat(Simulator.run(two, USER, costs, 1).purgeNanos())
                .as("all of a store that has it is read and written")
                .isEqualTo(503 + 3);
    }
}
