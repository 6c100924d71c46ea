package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.launch.store.StoredToken;
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

/** What a launch goes through under each placement, and what events do to it. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class SimulatorTest {

    /** Each step has a digit of its own, so that a time tells what it is made of. */
    static final Costs COSTS = TestTrace.costs(Map.ofEntries(
            Map.entry(Step.GOVERN, 700L),
            Map.entry(Step.EINIT, 300L),
            Map.entry(Step.LAUNCH_ENCLAVE, 10_000L),
            Map.entry(Step.KERNEL_HIT, 1L),
            Map.entry(Step.KERNEL_KEEP, 20L),
            Map.entry(Step.STORE_MEMORY, 3L),
            Map.entry(Step.STORE_DISK, 40L),
            Map.entry(Step.STORE_KEEP, 500_000L),
            Map.entry(Step.SOCKET, 6_000_000L),
            Map.entry(Step.ISSUE, 7_000L),
            Map.entry(Step.REVOKE, 80_000_000L)));

    /** What a token takes in user space, file and memory together. */
    static final long STORED = StoredToken.size("0".repeat(64)) + StoredToken.MEMORY_BYTES;

    private static final long MUCH = 1 << 20;
    private static final Design KERNEL = Design.kernel(Scheme.LRU, MUCH, Charging.SHARED);
    private static final Design USER = Design.user(MUCH, Knowledge.NONE);
    private static final Design BOTH = Design.both(Scheme.LRU, MUCH, Charging.SHARED, Knowledge.NONE);

    private static final long EINIT = 700 + 300;
    private static final long FROM_KERNEL = 10_000 + 20;
    private static final long FROM_SOCKET = 6_000_000 + 7_000 + 500_000;

    private static Measured run(TestTrace trace, Design design) {
        return Simulator.run(trace, design, COSTS, 1);
    }

    private static double total(TestTrace trace, Design design) {
        Measured measured = run(trace, design);
        return measured.latency().mean() * measured.launches();
    }

    /** What the last event of a trace, a launch, takes. */
    private static long last(TestTrace trace, Design design) {
        return Math.round(total(trace, design) - total(trace.first(trace.size() - 1), design));
    }

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

    @Test
    void aRequestThatAMachineLosesIsNotKept() {
        TestTrace trace = TestTrace.single(1)
                .add(0, Event.LAUNCH, 0, 0)
                .add(5, Event.REBOOT, 0, 0)
                .add(1_000_000, Event.LAUNCH, 0, 0);

        assertThat(run(trace, KERNEL).hits()).isZero();
        assertThat(run(trace, USER).hits()).isZero();
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
