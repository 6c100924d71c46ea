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
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.launch.token.TokenIdentity;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.simulation.Measured.Kind;
import jsgx.study.simulation.Measured.Owner;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a launch goes through under each placement, and what is refused of traces and designs. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class SimulatorTest {

    @Test
    void aLaunchTakesTheStepsOfItsPlacement() {
        TestTrace first = TestTrace.single(1).launches(0);
        TestTrace again = TestTrace.single(1).launches(0, 0);

        assertThat(last(first, Design.NONE)).isEqualTo(EINIT + 10_000);
        assertThat(last(again, Design.NONE)).isEqualTo(EINIT + 10_000);
        assertThat(last(first, KERNEL)).isEqualTo(EINIT + FROM_KERNEL);
        assertThat(last(again, KERNEL)).isEqualTo(EINIT + 1);
        assertThat(last(first, USER)).isEqualTo(FROM_SOCKET + 10_000 + EINIT);
        assertThat(last(again, USER)).isEqualTo(3 + EINIT);
        assertThat(last(first, BOTH)).isEqualTo(FROM_SOCKET + FROM_KERNEL + EINIT);
        assertThat(last(again, BOTH)).isEqualTo(3 + EINIT);
    }

    @Test
    void withoutRoomForOneTokenThereIsNoPlace() {
        TestTrace trace = TestTrace.single(1).launches(0, 0, 0);
        Measured without = run(trace, Design.user(STORED - 1, Knowledge.NONE));
        assertThat(without.hits()).isZero();
        assertThat(without.optimalHits()).isZero();
        assertThat(without.latency().mean()).isEqualTo(6_000_000 + 7_000 + 10_000 + EINIT);
        assertThat(run(trace, Design.user(STORED, Knowledge.NONE)).hits()).isEqualTo(2);

        long entry = Scheme.LRU.entryBytes();
        assertThat(run(trace, Design.kernel(Scheme.LRU, entry - 1, Charging.SHARED))
                        .hits())
                .isZero();
        assertThat(run(trace, Design.kernel(Scheme.LRU, entry, Charging.SHARED)).hits())
                .isEqualTo(2);
    }

    @Test
    void whoKnowsTheLastLaunchKeepsRoomForWhatComesAgain() {
        TestTrace trace = TestTrace.single(20).launches(0);
        for (int oneShot = 1; oneShot < 20; oneShot++) {
            trace.then(Event.LAST_LAUNCH, 0, oneShot);
        }
        trace.launches(0).then(Event.LAST_LAUNCH, 0, 0).launches(0);
        long three = 3 * STORED;

        Measured knows = run(trace, Design.user(three, Knowledge.LAST_LAUNCH));
        assertThat(knows.hits())
                .as("the token is discarded after its last launch")
                .isEqualTo(2);
        assertThat(knows.evictions()).isZero();
        Measured knowsNot = run(trace, Design.user(three, Knowledge.NONE));
        assertThat(knowsNot.hits()).isEqualTo(2);
        assertThat(knowsNot.launchEnclaveCalls()).isEqualTo(21);
        assertThat(knowsNot.evictions()).isEqualTo(21 - 3);
    }

    @Test
    void aWorkloadIsSlowerBesideOneThatKeepsTheLaunchEnclaveBusy() {
        TestTrace trace = new TestTrace(new int[] {0, 0}, new int[] {0}, 1, 100);
        for (int i = 0; i < 50; i++) {
            trace.add(i * 100L, Event.LAUNCH, 1, i).add(i * 100L + 1, Event.LAUNCH, 0, 99);
        }

        Owner victim = run(trace, Design.NONE).owners().getFirst();

        assertThat(victim.aloneMeanNanos()).isEqualTo(10_000 + EINIT);
        assertThat(victim.meanNanos()).isEqualTo(10_000 + EINIT + 9_000);
    }

    @Test
    void whoAttacksIsToldByTheTraceAndNotByItsName() {
        TestTrace trace = new TestTrace(new int[] {0, 0}, new int[] {0}, 1, 1) {
            @Override
            public List<String> workloads() {
                return List.of("attacker", "shop");
            }

            @Override
            public boolean attacks(int workload) {
                return workload == 1;
            }
        };

        assertThat(run(trace.launches(0), KERNEL).owners())
                .extracting(Owner::kind)
                .containsExactly(Kind.WORKLOAD, Kind.ATTACKER, Kind.KERNEL);
    }

    @Test
    void floorsAndCeilingsHoldAgainstAnAttackerAndSharingDoesNot() {
        TestTrace trace = new TestTrace(new int[] {0, 0}, new int[] {0}, 1, 1_000);
        long micros = 0;
        for (int i = 1; i < 1_000; i++) {
            micros += 1_000;
            trace.add(micros, Event.LAUNCH, 1, i);
            if (i % 50 == 0) {
                trace.add(micros + 500, Event.LAUNCH, 0, 0);
            }
        }
        long room = 20 * Scheme.LRU.entryBytes();

        assertThat(victimHits(trace, room, Charging.SHARED)).isZero();
        assertThat(victimHits(trace, room, Charging.FLOORS)).isEqualTo(18);
        assertThat(victimHits(trace, room, Charging.CEILINGS)).isEqualTo(18);
    }

    private static long victimHits(TestTrace trace, long room, Charging charging) {
        return run(trace, Design.kernel(Scheme.LRU, room, charging))
                .owners()
                .getFirst()
                .hits();
    }

    @Test
    void oneEnclaveUnderTwoNumbersIsOne() {
        TestTrace twice = new TestTrace(new int[] {0}, new int[] {0}, 1, 2) {
            @Override
            public TokenIdentity identity(int enclave) {
                return super.identity(0);
            }
        };
        twice.launches(0, 1, 0);

        assertThat(run(twice, KERNEL).hits()).isEqualTo(2);
        assertThat(run(twice, USER).hits()).isEqualTo(2);
        assertThat(run(twice, USER).optimalHits()).isEqualTo(2);
    }

    @Test
    void aLaunchEnclaveThatNeverCatchesUpEndsTimeAndNotTheRun() {
        Costs endless = TestTrace.costs(Map.of(Step.LAUNCH_ENCLAVE, Long.MAX_VALUE));
        TestTrace trace = TestTrace.single(3).launches(0, 1, 2, 0);

        for (Design design : new Design[] {Design.NONE, KERNEL, USER, BOTH}) {
            Measured measured = Simulator.run(trace, design, endless, 1);
            assertThat(measured.launches()).isEqualTo(4);
            assertThat(measured.latency().max()).isPositive();
        }
    }

    @Test
    void anEmptyTraceComesToNothing() {
        Measured measured = run(TestTrace.single(0), BOTH);

        assertThat(measured.launches()).isZero();
        assertThat(measured.latency().mean()).isZero();
        assertThat(measured.owners()).hasSize(1);
    }

    @Test
    void aTraceThatNamesWhatItDoesNotHaveIsRefused() {
        for (Event event : Event.values()) {
            for (int wrong : new int[] {-1, 7, Integer.MAX_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> run(TestTrace.single(2).launches(0).then(event, wrong, wrong), USER))
                        .withMessageContaining("event 1")
                        .withMessageContaining("found " + wrong);
            }
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(new TestTrace(new int[] {2}, new int[] {0}, 1, 1), USER))
                .withMessage("workload 0: expected a machine below 1, found 2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> run(new TestTrace(new int[] {0}, new int[] {5}, 1, 1), USER))
                .withMessage("machine 0: expected a package below 1, found 5");
    }

    @Test
    void aTraceThatGoesBackInTimeOrBeyondItIsRefused() {
        for (long micros : new long[] {4, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            TestTrace trace = TestTrace.single(1).add(5, Event.LAUNCH, 0, 0).add(micros, Event.LAUNCH, 0, 0);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> run(trace, KERNEL))
                    .withMessageStartingWith("event 1: expected a time from 5 to ");
        }
    }

    @Test
    void aDesignThatMakesNoSenseIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Design(Placement.KERNEL, null, 1, Charging.SHARED, Knowledge.NONE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Design(Placement.USER, Scheme.LRU, 1, Charging.OWN, Knowledge.NONE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Design.kernel(Scheme.LRU, 1, Charging.OWN))
                .withMessageContaining("kernel");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Design(Placement.USER, null, 1, Charging.SHARED, Knowledge.NONE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Design(Placement.KERNEL, Scheme.LRU, 1, Charging.SHARED, Knowledge.LAST_LAUNCH));
        assertThatIllegalArgumentException().isThrownBy(() -> Design.user(-1, Knowledge.NONE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Design(Placement.NONE, null, 1, Charging.OWN, Knowledge.NONE));
    }
}
