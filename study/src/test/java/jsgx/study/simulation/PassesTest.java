package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import jsgx.launch.cache.Scheme;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Who waits for a long cell is told how far it is: bit by bit, of each launch once, and of all in the end. */
@Timeout(120)
class PassesTest {

    static Stream<Design> designs() {
        return Stream.of(
                Design.NONE, Design.kernel(Scheme.LRU, 1 << 16, Charging.SHARED), Design.user(1 << 16, Knowledge.NONE));
    }

    @ParameterizedTest
    @MethodSource("designs")
    void aLongRunTellsOfEachLaunchOnceAndInMidRun(Design design) {
        int launches = 40_000;
        TestTrace trace = new TestTrace(new int[] {0, 0, 1}, new int[] {0, 0}, 1, 50);
        for (int i = 0; i < launches; i++) {
            trace.then(Event.LAUNCH, i % 3, i % 50);
        }
        trace.then(Event.REBOOT, 0, 0).then(Event.REVOKE, 0, 1);
        List<Long> told = Collections.synchronizedList(new ArrayList<>());

        Simulator.run(trace, design, Simulations.COSTS, 1, told::add);

        assertThat(told)
                .hasSizeGreaterThan(3)
                .allSatisfy(more -> assertThat(more).isPositive().isLessThanOrEqualTo(launches / 2));
        assertThat(told.stream().mapToLong(Long::longValue).sum()).isEqualTo(launches);
    }

    @Test
    void aTraceWithoutLaunchesTellsNothing() {
        List<Long> told = new ArrayList<>();

        Simulator.run(TestTrace.single(1), Design.NONE, Simulations.COSTS, 1, told::add);

        assertThat(told).isEmpty();
    }
}
