package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the simulator charges a launch for is what a launch does: the same short histories on a machine whose launches are real and in the simulator,
 * launch by launch, compared by audit records, requests to the launch enclave, EINITs, and what cache and store did.
 *
 * <p>Not compared are the order of a launch's steps, launches that overlap, places that are full, and migrations; nor a launch by its time, only by how often it took each step.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class RealStepsTest {

    /** In octal each step has a digit of its own, so that a time tells how often each was taken. */
    private static final long MOST = 8;

    private static final long LONG_AFTER = 100_000_000_000L;
    private static final long MUCH = 1 << 20;

    /** One event: of an enclave, or of the only machine. */
    private record Act(Event event, int enclave) {}

    private static final Act A = new Act(Event.LAUNCH, 0);
    private static final Act B = new Act(Event.LAUNCH, 1);
    private static final Act LAST = new Act(Event.LAST_LAUNCH, 0);
    private static final Act ROTATE = new Act(Event.ROTATE_LAUNCH_ENCLAVE, 0);
    private static final Act RAISE = new Act(Event.RAISE_CPUSVN, 0);
    private static final Act LOWER = new Act(Event.LOWER_CPUSVN, 0);
    private static final Act REBOOT = new Act(Event.REBOOT, 0);
    private static final Act REVOKE = new Act(Event.REVOKE, 0);
    private static final Act REINSTATE = new Act(Event.REINSTATE, 0);

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void missesAndHits(Placement placement) throws Exception {
        compare(placement, List.of(A, A, B, A, B));
    }

    @ParameterizedTest
    @EnumSource
    void aReboot(Placement placement) throws Exception {
        compare(placement, List.of(A, A, REBOOT, A, A, B));
    }

    @ParameterizedTest
    @EnumSource
    void anotherLaunchEnclave(Placement placement) throws Exception {
        compare(placement, List.of(A, B, ROTATE, A, A, ROTATE, A, A));
    }

    @ParameterizedTest
    @EnumSource
    void anotherCpuSvn(Placement placement) throws Exception {
        compare(placement, List.of(A, RAISE, A, B, LOWER, A, A, B, B));
    }

    @ParameterizedTest
    @EnumSource
    void aRevocationThatIsTakenBack(Placement placement) throws Exception {
        compare(placement, List.of(A, A, B, REVOKE, A, B, REINSTATE, A, A));
    }

    @ParameterizedTest
    @EnumSource(names = {"USER", "BOTH"})
    void aTokenThatIsDiscardedAfterItsLastLaunch(Placement placement) throws Exception {
        compare(placement, List.of(A, B, LAST, A, B));
    }

    @ParameterizedTest
    @EnumSource(names = {"USER", "BOTH"})
    void aTokenWhoseFirstLaunchIsItsLast(Placement placement) throws Exception {
        compare(placement, List.of(LAST, A, A));
    }

    private static Design design(Placement placement) {
        return switch (placement) {
            case NONE -> Design.NONE;
            case KERNEL -> Design.kernel(Scheme.LRU, MUCH, Charging.SHARED);
            case USER -> Design.user(MUCH, Knowledge.LAST_LAUNCH);
            case BOTH -> Design.both(Scheme.LRU, MUCH, Charging.SHARED, Knowledge.LAST_LAUNCH);
        };
    }

    private void compare(Placement placement, List<Act> acts) throws Exception {
        TestTrace trace = TestTrace.single(2);
        boolean revoked = false;
        try (RealLaunches real = new RealLaunches(placement, folder)) {
            for (int i = 0; i < acts.size(); i++) {
                Act act = acts.get(i);
                trace.add(i * LONG_AFTER, act.event, 0, act.enclave);
                String which = "%s, event %d of %s".formatted(placement.id(), i, acts);
                if (act.event != Event.LAUNCH && act.event != Event.LAST_LAUNCH) {
                    real.happens(act.event, act.enclave);
                    revoked = act.event == Event.REVOKE || (revoked && act.event != Event.REINSTATE);
                    continue;
                }
                Map<Step, Integer> taken = real.launch(act.enclave);
                if (act.event == Event.LAST_LAUNCH) {
                    real.discard(act.enclave);
                }
                assertThat(taken).as(which).isEqualTo(simulated(trace, design(placement)));
                assertThat(taken.containsKey(Step.EINIT))
                        .as(which)
                        .isEqualTo(!revoked || act.enclave != REVOKE.enclave);
            }
        }
    }

    /** The steps of the last event, a launch. */
    private static Map<Step, Integer> simulated(TestTrace trace, Design design) {
        long nanos = total(trace, design) - total(trace.first(trace.size() - 1), design);
        Map<Step, Integer> steps = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            int times = (int) (nanos % MOST);
            nanos /= MOST;
            if (times > 0) {
                steps.put(step, times);
            }
        }
        return steps;
    }

    private static long total(TestTrace trace, Design design) {
        Map<Step, Long> octal = new EnumMap<>(Step.class);
        long place = 1;
        for (Step step : Step.values()) {
            octal.put(step, place);
            place *= MOST;
        }
        Costs costs = TestTrace.costs(octal);
        Measured measured = Simulator.run(trace, design, costs, 1);
        return Math.round(measured.latency().mean() * measured.launches());
    }
}
