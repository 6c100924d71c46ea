package jsgx.study.simulation;

import static jsgx.study.simulation.Simulations.BOTH;
import static jsgx.study.simulation.Simulations.EINIT;
import static jsgx.study.simulation.Simulations.FROM_KERNEL;
import static jsgx.study.simulation.Simulations.FROM_SOCKET;
import static jsgx.study.simulation.Simulations.KERNEL;
import static jsgx.study.simulation.Simulations.STORED;
import static jsgx.study.simulation.Simulations.USER;
import static jsgx.study.simulation.Simulations.last;
import static jsgx.study.simulation.Simulations.run;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tokens that were asked for and are not there yet. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class TokensOnTheirWayTest {

    @Test
    void launchesThatMeetJoinInTheKernelAndQueueInUserSpace() {
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(2, Event.LAUNCH, 0, 0)
                .add(9, Event.LAUNCH, 0, 0)
                .add(1_000_000, Event.LAUNCH, 0, 0);

        Measured kernel = run(trace, KERNEL);
        assertThat(kernel.launchEnclaveCalls()).isEqualTo(1);
        assertThat(kernel.joins()).isEqualTo(2);
        assertThat(kernel.hits()).isEqualTo(1);
        long ready = 700 + FROM_KERNEL;
        assertThat(kernel.latency().mean() * 4).isEqualTo(3.0 * (ready + 300) - 2_000 - 9_000 + EINIT + 1);

        Measured user = run(trace, USER);
        assertThat(user.launchEnclaveCalls()).isEqualTo(3);
        assertThat(user.joins()).isZero();
        assertThat(user.hits()).isEqualTo(1);
        // The second waits 8 microseconds for the launch enclave, the third 11.
        assertThat(user.latency().mean() * 4)
                .isEqualTo(3.0 * (FROM_SOCKET + 10_000 + EINIT) + 8_000 + 11_000 + 3 + EINIT);

        assertThat(run(trace, BOTH).joins()).isEqualTo(2);
    }

    @Test
    void whoAsksWhenATokenIsThereHitsThoughItWasNotWhenTheLaunchBegan() {
        Costs costs = TestTrace.costs(Map.of(Step.GOVERN, 5_000L, Step.LAUNCH_ENCLAVE, 10_000L));
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(9, Event.LAUNCH, 0, 0)
                .add(10, Event.LAUNCH, 0, 0)
                .add(12, Event.LAUNCH, 0, 0);

        Measured kernel = Simulator.run(trace, KERNEL, costs, 1);

        assertThat(kernel.joins()).as("at 14 of 15 microseconds").isEqualTo(1);
        assertThat(kernel.hits()).isEqualTo(2);
    }

    @Test
    void ofTwoThatAskedOnBothSidesOfARotationTheLatersTokenIsKept() {
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(1, Event.ROTATE_LAUNCH_ENCLAVE, 0, 0)
                .add(2, Event.LAUNCH, 0, 0)
                .launches(0, 0);

        Measured user = run(trace, USER);
        assertThat(user.hits()).isEqualTo(2);
        assertThat(user.launchEnclaveCalls()).isEqualTo(2);
        assertThat(user.reissues()).isZero();
    }

    @Test
    void ofTwoThatAskedForTheSameTheFirstTokenThatIsThereServes() {
        // There at 10 and at 20 microseconds.
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(1, Event.LAUNCH, 0, 0)
                .add(9, Event.LAUNCH, 0, 0)
                .add(10, Event.LAUNCH, 0, 0);

        Measured user = Simulator.run(trace, USER, TestTrace.costs(Map.of(Step.LAUNCH_ENCLAVE, 10_000L)), 1);
        assertThat(user.hits()).isEqualTo(1);
        assertThat(user.launchEnclaveCalls()).isEqualTo(3);
    }

    @Test
    void aTokenThatMadeRoomOnItsWayIsThereOnlyWhenItWasMadeAgain() {
        Map<Step, Long> micro = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            micro.put(step, 1_000L);
        }
        micro.put(Step.LAUNCH_ENCLAVE, 10_000L);
        Design one = Design.user(STORED, Knowledge.NONE);
        // Made by 12, 22 and 32 microseconds, and kept at 13, 23 and 33.
        TestTrace trace = TestTrace.single(2)
                .add(0, Event.LAUNCH, 0, 0)
                .add(1, Event.LAUNCH, 0, 1)
                .add(2, Event.LAUNCH, 0, 0);

        assertThat(Simulator.run(trace.first(3).add(17, Event.LAUNCH, 0, 0), one, TestTrace.costs(micro), 1)
                        .hits())
                .isZero();
        assertThat(Simulator.run(trace.first(3).add(32, Event.LAUNCH, 0, 0), one, TestTrace.costs(micro), 1)
                        .hits())
                .isZero();
        assertThat(Simulator.run(trace.first(3).add(33, Event.LAUNCH, 0, 0), one, TestTrace.costs(micro), 1)
                        .hits())
                .isEqualTo(1);
    }

    @Test
    void whileAFreshTokenIsOnItsWayTheRefusedOneIsFoundAndRefusedAgain() {
        TestTrace trace = TestTrace.single(1)
                .launches(0)
                .then(Event.ROTATE_LAUNCH_ENCLAVE, 0, 0)
                .add(3_000_000, Event.LAUNCH, 0, 0)
                .add(3_000_002, Event.LAUNCH, 0, 0);

        assertThat(run(trace, USER).reissues()).isEqualTo(2);
        // It waits 8 microseconds for the launch enclave.
        assertThat(last(trace, USER)).isEqualTo(3 + EINIT + FROM_SOCKET + 8_000 + 10_000 + EINIT);
        assertThat(last(trace.launches(0), USER)).isEqualTo(3 + EINIT);
    }

    @Test
    void aFreshTokenThatIsLostOnItsWayLeavesTheStoreWhatItHad() {
        TestTrace trace = TestTrace.single(1)
                .launches(0)
                .then(Event.MIGRATE, 0, 1)
                .add(3_000_000, Event.LAUNCH, 0, 0)
                .add(3_000_002, Event.MIGRATE, 0, 0)
                .launches(0);

        Measured user = run(trace, USER);
        assertThat(user.hits()).as("the first token is good again").isEqualTo(1);
        assertThat(user.launchEnclaveCalls()).isEqualTo(2);
    }

    @Test
    void whatIsOnItsWayTakesRoom() {
        TestTrace trace = TestTrace.single(2)
                .add(0, Event.LAUNCH, 0, 0)
                .add(1, Event.LAUNCH, 0, 1)
                .add(1_000_000, Event.LAUNCH, 0, 1)
                .add(2_000_000, Event.LAUNCH, 0, 0);
        Design one = Design.kernel(Scheme.LRU, Scheme.LRU.entryBytes(), Charging.SHARED);

        assertThat(run(trace, one).hits()).isEqualTo(1);
        assertThat(run(trace, one).optimalHits()).isEqualTo(1);
    }

    @Test
    void aRequestThatAMachineLosesIsNotKept() {
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(5, Event.REBOOT, 0, 0)
                .add(1_000_000, Event.LAUNCH, 0, 0);

        assertThat(run(trace, KERNEL).hits()).isZero();
        assertThat(run(trace, USER).hits()).isZero();
    }
}
