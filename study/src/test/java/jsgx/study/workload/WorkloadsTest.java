package jsgx.study.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import jsgx.study.trace.Event;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Generated workloads: what their parameters say is in their traces. */
@Timeout(120)
class WorkloadsTest {

    private static final String MIXED_DAY = "4d5f1bfc5e2144abcaf67735c0721f48652d717af771d7e9bda617b02c2d579a";

    @Test
    void theSameSeedMakesTheSameTraceAndAnotherOneAnother() throws Exception {
        for (Workload workload : Workloads.shipped()) {
            String first = sha256(workload.trace(1, 0.02));
            assertThat(sha256(workload.trace(1, 0.02))).as(workload.name()).isEqualTo(first);
            assertThat(sha256(workload.trace(2, 0.02))).as(workload.name()).isNotEqualTo(first);
        }
    }

    /** The digits are those of another machine too: nothing may depend on the processor, the time or the JVM. */
    @Test
    void aTraceIsTheSameOnEveryMachine() throws Exception {
        assertThat(sha256(Workloads.named("mixed-day").trace(1, 0.02))).isEqualTo(MIXED_DAY);
    }

    @Test
    void theScaleMultipliesLaunchesAndTimeAndKeepsRates() throws Exception {
        Workload workload = Workloads.named("one-application");
        Trace small = workload.trace(1, 0.05);
        Trace large = workload.trace(1, 0.5);

        assertThat(small.size()).isEqualTo(2000);
        assertThat(large.size()).isEqualTo(20_000);
        assertThat((double) large.micros(large.size() - 1) / small.micros(small.size() - 1))
                .isCloseTo(10, within(0.2));
    }

    @Test
    void zipfDrawsWithItsFrequencies() {
        int count = 100;
        int draws = 200_000;
        double exponent = 0.9;
        Zipf zipf = new Zipf(count, exponent);
        SplittableRandom random = new SplittableRandom(1);
        int[] drawn = new int[count];
        for (int i = 0; i < draws; i++) {
            drawn[zipf.draw(random)]++;
        }

        double sum = 0;
        for (int k = 1; k <= count; k++) {
            sum += Math.pow(k, -exponent);
        }
        double chiSquared = 0;
        for (int k = 0; k < count; k++) {
            double expected = draws * Math.pow(k + 1, -exponent) / sum;
            chiSquared += (drawn[k] - expected) * (drawn[k] - expected) / expected;
        }
        // 99 degrees of freedom: below 149 in 999 of 1,000 cases.
        assertThat(chiSquared).isLessThan(149);
    }

    @Test
    void aPoissonProcessHasExponentialDistances() {
        int count = 100_000;
        long length = 10_000_000_000L;
        double[] distances = distances(Arrivals.Process.POISSON, count, length);
        double mean = Arrays.stream(distances).average().orElseThrow();
        double variance = Arrays.stream(distances)
                .map(d -> (d - mean) * (d - mean))
                .average()
                .orElseThrow();
        long aboveMean = Arrays.stream(distances).filter(d -> d > mean).count();

        assertThat(mean).isCloseTo((double) length / count, within(0.01 * length / count));
        assertThat(Math.sqrt(variance) / mean).isCloseTo(1, within(0.02));
        assertThat((double) aboveMean / count).isCloseTo(Math.exp(-1), within(0.01));
    }

    @Test
    void evenArrivalsHaveEqualDistances() {
        double[] distances = distances(Arrivals.Process.EVEN, 1000, 1_000_000);

        assertThat(Arrays.stream(distances).boxed()).hasSize(999).allMatch(distance -> Math.abs(distance - 1000) <= 1);
    }

    @Test
    void aDayIsBusiestAtNoon() {
        Arrivals arrivals = new Arrivals(
                Arrivals.Process.DIURNAL,
                24_000,
                0,
                WorkloadReader.DAY,
                WorkloadReader.DAY,
                1,
                new SplittableRandom(1));
        int[] hours = new int[24];
        while (arrivals.hasNext()) {
            hours[(int) (24 * arrivals.peek() / WorkloadReader.DAY)]++;
            arrivals.advance();
        }

        assertThat(Arrays.stream(hours).sum()).isEqualTo(24_000);
        assertThat(hours[0]).isBetween(60, 150);
        assertThat(hours[12]).isBetween(1750, 2050);
        assertThat(hours[6]).isBetween(850, 1250);
    }

    @Test
    void everyGuestBootsAndRebootsAsOftenAsItSays() throws Exception {
        Trace trace = Workloads.named("vm-migrations").trace(3, 1);
        long reboots = count(trace, Event.REBOOT);
        long migrations = count(trace, Event.MIGRATE);
        long launches = count(trace, Event.LAUNCH);

        assertThat(reboots).isEqualTo(16 * 40);
        assertThat(migrations).isEqualTo(16 * 20);
        assertThat(launches).isEqualTo(40_000 + 16 * 41 * 24);
        assertThat(trace.enclaves()).isEqualTo(24);
        int[] on = new int[trace.machines().size()];
        for (int machine = 0; machine < on.length; machine++) {
            on[machine] = trace.processor(machine);
        }
        for (int i = 0; i < trace.size(); i++) {
            if (trace.event(i) == Event.MIGRATE) {
                assertThat(trace.object(i)).isNotEqualTo(on[trace.subject(i)]);
                on[trace.subject(i)] = trace.object(i);
            }
        }
    }

    @Test
    void driftReplacesAsManyAsItSays() throws Exception {
        Trace trace = Workloads.named("one-application").trace(1, 1);

        // 48 at a time, and half of them once more; the last one may be due after the last launch.
        assertThat(trace.enclaves()).isBetween(71, 72);
    }

    @Test
    void whatIsLaunchedOnceIsNeverLaunchedAgain() throws Exception {
        Trace trace = Workloads.named("attacker").trace(1, 0.2);
        int flood = trace.workloads().indexOf("attacker-flood");
        assertThat(trace.attacks(flood)).isTrue();
        assertThat(trace.attacks(0)).isFalse();
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < trace.size(); i++) {
            if (trace.subject(i) == flood) {
                assertThat(seen.add(trace.object(i))).isTrue();
            }
        }
        assertThat(seen).hasSize(6000);
    }

    @Test
    void operatorsDoWhatTheFileSays() throws Exception {
        Trace trace = Workloads.named("rotation-and-microcode").trace(1, 0.1);
        List<Event> operators = new ArrayList<>();
        for (int i = 0; i < trace.size(); i++) {
            if (trace.event(i) != Event.LAUNCH) {
                operators.add(trace.event(i));
            }
        }

        assertThat(operators)
                .containsExactly(
                        Event.RAISE_CPUSVN,
                        Event.RAISE_CPUSVN,
                        Event.LOWER_CPUSVN,
                        Event.ROTATE_LAUNCH_ENCLAVE,
                        Event.ROTATE_LAUNCH_ENCLAVE,
                        Event.REVOKE,
                        Event.REVOKE,
                        Event.REBOOT,
                        Event.RAISE_CPUSVN,
                        Event.RAISE_CPUSVN);
    }

    @Test
    void tenMillionIsWhatItSays() throws Exception {
        Trace trace = Workloads.named("ten-million").trace(1, 0.01);

        assertThat(trace.size()).isEqualTo(100_000);
        assertThat(trace.enclaves()).isEqualTo(100_000);
    }

    @Test
    void aTraceIsAWorkloadToo() throws Exception {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        TraceFile.write(Workloads.named("scans").trace(1, 0.01), file);

        Workload recorded = Workloads.of("-", new ByteArrayInputStream(file.toByteArray()));

        assertThat(recorded.name()).isEqualTo("scans");
        assertThat(recorded.trace(1, 1).size()).isEqualTo(1000);
        assertThat(recorded.trace(9, 7)).isSameAs(recorded.trace(1, 1));
        assertThat(recorded.trace(1, 0.1).size()).as("so few are not cut").isEqualTo(1000);
    }

    @Test
    void aScaleIsAboveNothingAndNotTooLarge() throws Exception {
        Workload workload = Workloads.named("scans");

        assertThatThrownBy(() -> workload.trace(1, 0)).hasMessageContaining("above 0, found 0.0");
        assertThatThrownBy(() -> workload.trace(1, Double.NaN)).hasMessageContaining("above 0");
        assertThatThrownBy(() -> workload.trace(1, 1e9)).hasMessageContaining("at most");
    }

    @Test
    void anUnknownNameIsToldWithTheNearest() {
        assertThatThrownBy(() -> Workloads.of("scan", new ByteArrayInputStream(new byte[0])))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining("did you mean \"scans\"?");
    }

    @Test
    void whatNoFileCanBeCalledIsRefused() {
        assertThatThrownBy(() -> Workloads.of("sc\u0000ans", new ByteArrayInputStream(new byte[0])))
                .isInstanceOf(WorkloadException.class)
                .hasMessageContaining("found what no file can be called: nul character");
    }

    @Test
    void aScaleCannotMakeMoreEventsThanThereMayBeByRebootsEither() throws Exception {
        String file = """
                workload: restless
                question: How many?
                duration: 1h
                hosts: 2
                groups:
                  - name: guests
                    machines: guests
                    workloads: 1000
                    enclaves: 1
                    launches: 1
                    often: 1000
                """;

        for (String what : List.of("reboots", "migrations")) {
            Workload workload =
                    WorkloadFile.read("w.yaml", file.replace("often", what).getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> workload.trace(1, 1000))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at most 536870912 events");
        }
    }

    @Test
    void bootsThatOverlapGoOnSideBySide() throws Exception {
        String file = """
                workload: boots
                question: In what order?
                duration: 1h
                groups:
                  - name: guests
                    machines: guests
                    workloads: 2
                    enclaves: 3
                    boot: 3
                    launches: 1
                    from: 50%
                """;

        Trace trace = WorkloadFile.read("w.yaml", file.getBytes(StandardCharsets.UTF_8))
                .trace(1, 1);

        List<String> boots = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            boots.add("%d %d %d".formatted(trace.micros(i) - 1_800_000_000L, trace.subject(i), trace.object(i)));
        }
        assertThat(boots).containsExactly("0 0 0", "1 1 3", "20000 0 1", "20001 1 4", "40000 0 2", "40001 1 5");
    }

    private static double[] distances(Arrivals.Process process, int count, long length) {
        Arrivals arrivals = new Arrivals(process, count, 0, length, length, 1, new SplittableRandom(1));
        double[] distances = new double[count - 1];
        long before = arrivals.peek();
        arrivals.advance();
        for (int i = 0; i < distances.length; i++) {
            assertThat(arrivals.hasNext()).isTrue();
            distances[i] = arrivals.peek() - before;
            before = arrivals.peek();
            arrivals.advance();
        }
        assertThat(arrivals.hasNext()).isFalse();
        return distances;
    }

    private static long count(Trace trace, Event event) {
        long count = 0;
        for (int i = 0; i < trace.size(); i++) {
            count += trace.event(i) == event ? 1 : 0;
        }
        return count;
    }

    private static String sha256(Trace trace) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        TraceFile.write(trace, out);
        return HexFormat.of().formatHex(Sha256.digest().digest(out.toByteArray()));
    }
}
