package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The optimum against a search through everything that a cache could do. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class BeladyTest {

    @Test
    void isTheBestOfAllThatACacheCouldDo() {
        Random random = new Random(11);
        for (int round = 0; round < 300; round++) {
            int enclaves = 2 + random.nextInt(4);
            int[] requests = random.ints(1 + random.nextInt(11), 0, enclaves).toArray();
            int capacity = random.nextInt(enclaves + 1);
            TestTrace trace = TestTrace.single(enclaves).launches(requests);

            assertThat(Belady.hits(trace, new Enclaves(trace), capacity))
                    .as("%s with room for %d", Arrays.toString(requests), capacity)
                    .isEqualTo(best(requests, 0, capacity, Set.of()));
        }
    }

    /** The most hits from a request on, whatever is kept after it. */
    private static long best(int[] requests, int at, int capacity, Set<Integer> kept) {
        if (at == requests.length) {
            return 0;
        }
        int wanted = requests[at];
        long hit = kept.contains(wanted) ? 1 : 0;
        Set<Integer> there = new HashSet<>(kept);
        there.add(wanted);
        long best = there.size() <= capacity ? best(requests, at + 1, capacity, there) : 0;
        for (int dropped : there) {
            Set<Integer> rest = new HashSet<>(there);
            rest.remove(dropped);
            if (rest.size() <= capacity) {
                best = Math.max(best, best(requests, at + 1, capacity, rest));
            }
        }
        return hit + best;
    }

    @Test
    void aTokenOfAnotherLaunchKeyIsAnotherToken() {
        TestTrace trace = TestTrace.single(1)
                .launches(0, 0)
                .then(Event.ROTATE_LAUNCH_ENCLAVE, 0, 0)
                .launches(0, 0)
                .then(Event.MIGRATE, 0, 1)
                .launches(0, 0)
                .then(Event.RAISE_CPUSVN, 1, 0)
                .launches(0)
                .then(Event.MIGRATE, 0, 0)
                .launches(0);

        // One miss on the first package, one after the rotation, one on the second package; then every token is known.
        assertThat(Belady.hits(trace, new Enclaves(trace), 8)).isEqualTo(8 - 3);
    }

    @Test
    void aLoweredCpuSvnLosesWhatWasOnlyMadeAbove() {
        TestTrace trace = TestTrace.single(2)
                .launches(0)
                .then(Event.RAISE_CPUSVN, 0, 0)
                .launches(0, 1)
                .then(Event.LOWER_CPUSVN, 0, 0)
                .launches(0, 1, 1);

        // Enclave 0 has a token from before; enclave 1 needs another one.
        assertThat(Belady.hits(trace, new Enclaves(trace), 8)).isEqualTo(3);
    }

    @Test
    void whatIsRevokedIsNoLaunch() {
        TestTrace trace =
                TestTrace.single(2).launches(0, 1, 0).then(Event.REVOKE, 0, 0).launches(0, 0, 1);

        assertThat(Belady.hits(trace, new Enclaves(trace), 8)).isEqualTo(2);
    }

    @Test
    void whatIsReinstatedIsALaunchAgainAndItsTokenWasGoodAllTheTime() {
        TestTrace trace = TestTrace.single(2)
                .launches(0, 1)
                .then(Event.REVOKE, 0, 0)
                .launches(0, 1)
                .then(Event.REINSTATE, 0, 0)
                .launches(0, 0, 1);

        assertThat(Belady.hits(trace, new Enclaves(trace), 8)).isEqualTo(4);
    }

    @Test
    void manyLaunchKeysAreKeptApart() {
        TestTrace trace = TestTrace.single(700);
        for (int round = 0; round < 6; round++) {
            for (int enclave = 0; enclave < 700; enclave++) {
                trace.launches(enclave, enclave);
            }
            trace.then(Event.ROTATE_LAUNCH_ENCLAVE, 0, 0);
        }

        assertThat(Belady.hits(trace, new Enclaves(trace), 1)).isEqualTo(6 * 700);
    }
}
