package jsgx.study.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jsgx.launch.cache.Scheme;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.simulation.Measured.Owner;
import jsgx.study.trace.Event;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What holds for every design on every trace, and plain models of what the simplest designs hit. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SimulatorPropertyTest {

    private static final int ENCLAVES = 30;
    private static final long STORED = Simulations.STORED;

    /** All that the study can compare, of one limit. */
    private static List<Design> designs(long limit) {
        List<Design> designs = new ArrayList<>(List.of(Design.NONE));
        for (Knowledge knowledge : Knowledge.values()) {
            designs.add(Design.user(limit, knowledge));
        }
        for (Scheme scheme : Scheme.values()) {
            for (Charging charging : List.of(Charging.SHARED, Charging.FLOORS, Charging.CEILINGS)) {
                designs.add(Design.kernel(scheme, limit, charging));
                designs.add(Design.both(scheme, limit, charging, Knowledge.NONE));
                designs.add(Design.both(scheme, limit, charging, Knowledge.LAST_LAUNCH));
            }
        }
        return designs;
    }

    /**
     * Everything that can happen, in any order.
     *
     * @param micros what lies between two events at most: with a few of them nearly all launches overlap
     */
    private static TestTrace chaos(long seed, int events, int micros) {
        Random random = new Random(seed);
        int[] machines = random.ints(1 + random.nextInt(6), 0, 3).toArray();
        TestTrace trace = new TestTrace(machines, new int[] {0, 1, 0}, 3, ENCLAVES);
        long now = 0;
        for (int i = 0; i < events; i++) {
            now += random.nextInt(4) == 0 ? 0 : random.nextInt(micros);
            int kind = random.nextInt(300);
            switch (kind) {
                case 0, 1, 2 -> trace.add(now, Event.REBOOT, random.nextInt(3), 0);
                case 3, 4 -> trace.add(now, Event.MIGRATE, random.nextInt(3), random.nextInt(3));
                case 5, 6 -> trace.add(now, Event.ROTATE_LAUNCH_ENCLAVE, random.nextInt(3), 0);
                case 7, 8 -> trace.add(now, Event.RAISE_CPUSVN, random.nextInt(3), 0);
                case 9, 10 -> trace.add(now, Event.LOWER_CPUSVN, random.nextInt(3), 0);
                case 11 -> trace.add(now, Event.REVOKE, 0, random.nextInt(ENCLAVES));
                case 12, 13 -> trace.add(now, Event.REINSTATE, 0, random.nextInt(ENCLAVES));
                default ->
                    trace.add(
                            now,
                            kind < 30 ? Event.LAST_LAUNCH : Event.LAUNCH,
                            random.nextInt(machines.length),
                            (int) Math.abs(random.nextGaussian() * ENCLAVES / 3) % ENCLAVES);
            }
        }
        return trace;
    }

    @Test
    void noDesignIsBetterThanTheOptimumAndEveryLaunchIsAccountedFor() {
        for (long seed = 0; seed < 4; seed++) {
            TestTrace trace = chaos(seed, 400, seed % 2 == 0 ? 3_000 : 60);
            long governed = governed(trace);
            for (long limit : new long[] {0, STORED, 9_000, 30_000}) {
                for (Design design : designs(limit)) {
                    if (design.limitBytes() == 0 && limit != 0) {
                        continue;
                    }
                    Measured measured = Simulator.run(trace, design, TestTrace.varied(), seed);
                    String what = "seed %d, %s: %s".formatted(seed, design, measured);

                    assertThat(measured.launches()).as(what).isEqualTo(governed);
                    assertThat(measured.hits()).as(what).isBetween(0L, measured.optimalHits());
                    assertThat(measured.hits() + measured.launchEnclaveCalls() + measured.joins())
                            .as(what)
                            .isEqualTo(measured.launches());
                    assertThat(measured.latency().p50()).as(what).isPositive();
                    assertThat(measured.latency().max())
                            .as(what)
                            .isGreaterThanOrEqualTo(measured.latency().p999());
                    assertThat(measured.owners().stream()
                                    .filter(owner -> owner.name().startsWith("w"))
                                    .mapToLong(Owner::launches)
                                    .sum())
                            .as(what)
                            .isEqualTo(measured.launches());
                    assertThat(measured.owners()).as(what).allMatch(owner -> owner.peakBytes() <= limit);
                }
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameToTheDigitOnManyCoresTooAndAnotherDoesNot() {
        TestTrace trace = chaos(99, 600, 3_000);
        for (Design design : designs(12_000)) {
            Measured first = Simulator.run(trace, design, TestTrace.varied(), 5);

            assertThat(Simulator.run(trace, design, TestTrace.varied(), 5, true))
                    .as("%s", design)
                    .isEqualTo(first);
            assertThat(Simulator.run(trace, design, TestTrace.varied(), 6))
                    .as("%s", design)
                    .isNotEqualTo(first);
        }
    }

    private static long governed(TestTrace trace) {
        boolean[] revoked = new boolean[ENCLAVES];
        long launches = 0;
        for (int event = 0; event < trace.size(); event++) {
            switch (trace.event(event)) {
                case LAUNCH, LAST_LAUNCH -> launches += revoked[trace.object(event)] ? 0 : 1;
                case REVOKE -> revoked[trace.object(event)] = true;
                case REINSTATE -> revoked[trace.object(event)] = false;
                default -> {}
            }
        }
        return launches;
    }

    @Test
    void hitsOfPlainSchemesAreThoseOfAPlainList() {
        Random random = new Random(4);
        for (int round = 0; round < 20; round++) {
            int[] requests = random.ints(400, 0, 25).toArray();
            int room = 1 + random.nextInt(20);
            TestTrace trace = TestTrace.single(25).launches(requests);

            assertThat(hits(trace, Design.kernel(Scheme.LRU, room * Scheme.LRU.entryBytes(), Charging.SHARED)))
                    .isEqualTo(listHits(requests, room, true));
            assertThat(hits(trace, Design.kernel(Scheme.FIFO, room * Scheme.FIFO.entryBytes(), Charging.SHARED)))
                    .isEqualTo(listHits(requests, room, false));
            assertThat(hits(trace, Design.user(room * STORED, Knowledge.NONE)))
                    .isEqualTo(listHits(requests, room, true));
        }
    }

    private static long hits(TestTrace trace, Design design) {
        return Simulator.run(trace, design, TestTrace.costs(Map.of()), 1).hits();
    }

    private static long listHits(int[] requests, int room, boolean reorders) {
        List<Integer> coldFirst = new ArrayList<>();
        long hits = 0;
        for (int request : requests) {
            boolean hit = coldFirst.contains(request);
            hits += hit ? 1 : 0;
            if (!hit && coldFirst.size() == room) {
                coldFirst.removeFirst();
            }
            if (hit && reorders) {
                coldFirst.removeIf(each -> each == request);
            }
            if (!hit || reorders) {
                coldFirst.add(request);
            }
        }
        return hits;
    }

    @Test
    void latenciesAreThoseOfAQueueBeforeEachLaunchEnclave() {
        Random random = new Random(8);
        int[] machines = {0, 1, 0, 1, 1};
        TestTrace trace = new TestTrace(machines, new int[] {0, 0}, 1, 5);
        long micros = 0;
        Map<Integer, Long> free = new HashMap<>();
        long sum = 0;
        for (int i = 0; i < 500; i++) {
            micros += random.nextInt(15);
            int workload = random.nextInt(machines.length);
            trace.add(micros, Event.LAUNCH, workload, random.nextInt(5));
            long asked = micros * 1_000 + 700;
            long ready = Math.max(asked, free.getOrDefault(machines[workload], 0L)) + 10_000;
            free.put(machines[workload], ready);
            sum += ready - micros * 1_000 + 300;
        }

        Measured measured = Simulator.run(trace, Design.NONE, Simulations.COSTS, 1);

        assertThat(measured.latency().mean()).isEqualTo(sum / 500.0);
        assertThat(Arrays.stream(machines).count()).isEqualTo(measured.owners().size());
    }
}
