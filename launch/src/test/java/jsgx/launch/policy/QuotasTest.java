package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.driver.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuotasTest {

    private static final long SECOND = 1_000_000_000L;
    private static final Workload A = new Workload("a");
    private static final Workload B = new Workload("b");

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5 * SECOND);

    private Quotas quotas(WorkloadQuota others) {
        return new Quotas(new QuotaTable(others, Map.of()), clock::get);
    }

    private static WorkloadQuota enclaves(long most) {
        return new WorkloadQuota(most, Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    private static WorkloadQuota rate(double rate, long burst) {
        return new WorkloadQuota(Long.MAX_VALUE, rate, burst, 0, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    private static WorkloadQuota pages(long most) {
        return new WorkloadQuota(Long.MAX_VALUE, Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, most);
    }

    private static Quotas.Used used(Quotas quotas) {
        return Objects.requireNonNull(quotas.snapshot().get("a"));
    }

    @Test
    void aWorkloadWithAllItsEnclavesGetsNoneAndItsNeighbourDoes() {
        Quotas quotas = quotas(enclaves(2));

        assertThat(quotas.admit(A)).isEmpty();
        assertThat(quotas.admit(A)).isEmpty();
        assertThat(quotas.admit(A))
                .contains(new QuotaRefusal("enclaves", "workload a has 2 enclaves and may have 2 at once"));
        assertThat(quotas.admit(B)).isEmpty();
        quotas.released(A);
        assertThat(quotas.admit(A)).isEmpty();
        assertThat(used(quotas)).isEqualTo(new Quotas.Used(2, 0, enclaves(2)));
    }

    @Test
    void launchesASecondAreThoseOfATokenBucket() {
        Quotas quotas = quotas(rate(2, 3));

        assertThat(admitted(quotas, 10)).isEqualTo(3);
        clock.addAndGet(SECOND / 2 - 1000);
        assertThat(admitted(quotas, 10)).isZero();
        clock.addAndGet(1000);
        assertThat(admitted(quotas, 10)).isEqualTo(1);
        clock.addAndGet(100 * SECOND);
        assertThat(admitted(quotas, 10)).isEqualTo(3);
        assertThat(quotas.admit(A).orElseThrow())
                .isEqualTo(new QuotaRefusal(
                        "launchesPerSecond", "workload a may launch 2 enclaves a second, and 3 at once"));
        assertThat(used(quotas).enclaves())
                .as("those that were refused are not counted")
                .isEqualTo(7);
    }

    private static int admitted(Quotas quotas, int launches) {
        int admitted = 0;
        for (int i = 0; i < launches; i++) {
            admitted += quotas.admit(A).isEmpty() ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aRateThatIsRaisedHoldsAtOnce() {
        Quotas quotas = quotas(rate(0.001, 1));
        assertThat(admitted(quotas, 5)).isEqualTo(1);

        quotas.limits(new QuotaTable(rate(10, 1), Map.of()));
        assertThat(admitted(quotas, 5)).isZero();
        clock.addAndGet(SECOND / 10);

        assertThat(admitted(quotas, 5)).isEqualTo(1);
    }

    @Test
    void overALimitThatWasLoweredAWorkloadKeepsWhatItHasAndGetsNoMore() {
        Quotas quotas = quotas(pages(10));
        assertThat(quotas.charge(A, 10)).isTrue();

        quotas.limits(new QuotaTable(pages(4), Map.of("b", pages(1))));
        assertThat(quotas.charge(A, 1)).isFalse();
        quotas.uncharge(A, 6);
        assertThat(quotas.charge(A, 1)).isFalse();
        quotas.uncharge(A, 1);
        assertThat(quotas.charge(A, 1)).isTrue();
        assertThat(quotas.charge(B, 2)).isFalse();
        assertThat(used(quotas).epcPages()).isEqualTo(4);
    }

    @Test
    void aProgramThatOnlyAddsPagesIsBounded() {
        Quotas quotas = quotas(pages(1000));
        int added = 0;
        while (quotas.charge(A, 7)) {
            added += 7;
        }
        assertThat(added).isEqualTo(994);
        quotas.uncharge(A, added);
        assertThat(quotas.charge(A, 1000)).isTrue();
    }

    @Test
    void givingBackMoreThanWasTakenIsAFault() {
        Quotas quotas = quotas(WorkloadQuota.UNLIMITED);

        assertThatThrownBy(() -> quotas.released(A)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> quotas.uncharge(A, 1)).isInstanceOf(IllegalStateException.class);
        assertThat(used(quotas)).isEqualTo(new Quotas.Used(0, 0, WorkloadQuota.UNLIMITED));
    }

    /** Everything that can be asked, in any order, with limits that change, against sums in a map. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whatIsCountedIsWhatAModelCounts(long seed) {
        Random random = new Random(seed);
        List<Workload> workloads = List.of(A, B, new Workload("c"));
        QuotaTable table = table(random);
        Quotas quotas = new Quotas(table, clock::get);
        Map<String, Long> enclaves = new HashMap<>();
        Map<String, Long> pages = new HashMap<>();
        for (int step = 0; step < 20_000; step++) {
            Workload workload = workloads.get(random.nextInt(workloads.size()));
            String name = workload.name();
            long has = enclaves.getOrDefault(name, 0L);
            long charged = pages.getOrDefault(name, 0L);
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    boolean admitted = quotas.admit(workload).isEmpty();
                    assertThat(admitted).isEqualTo(has < table.of(name).enclaves());
                    enclaves.put(name, has + (admitted ? 1 : 0));
                }
                case 2 -> {
                    if (has > 0) {
                        quotas.released(workload);
                        enclaves.put(name, has - 1);
                    }
                }
                case 3 -> {
                    int count = 1 + random.nextInt(9);
                    boolean took = quotas.charge(workload, count);
                    assertThat(took).isEqualTo(charged + count <= table.of(name).epcPages());
                    pages.put(name, charged + (took ? count : 0));
                }
                case 4 -> {
                    int count = (int) Math.min(charged, 1 + random.nextInt(9));
                    if (count > 0) {
                        quotas.uncharge(workload, count);
                        pages.put(name, charged - count);
                    }
                }
                default -> {
                    if (random.nextInt(50) == 0) {
                        table = table(random);
                        quotas.limits(table);
                    }
                }
            }
        }
        quotas.snapshot().forEach((name, used) -> {
            assertThat(used.enclaves()).isEqualTo(enclaves.getOrDefault(name, 0L));
            assertThat(used.epcPages()).isEqualTo(pages.getOrDefault(name, 0L));
        });
    }

    private static QuotaTable table(Random random) {
        return new QuotaTable(quota(random), Map.of("a", quota(random)));
    }

    private static WorkloadQuota quota(Random random) {
        return new WorkloadQuota(
                random.nextInt(12), Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, random.nextInt(60));
    }

    /** In no stretch of time more launches than its length times the rate and the burst. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noStretchOfTimeHasMoreLaunchesThanTheRateAndTheBurst(long seed) {
        Random random = new Random(seed);
        double rate = 0.5 + random.nextInt(20);
        long burst = 1L + random.nextInt(20);
        Quotas quotas = quotas(rate(rate, burst));
        Deque<Long> launches = new ArrayDeque<>();
        long start = clock.get();
        for (int i = 0; i < 3_000; i++) {
            clock.addAndGet(random.nextLong(SECOND / 20));
            if (quotas.admit(A).isEmpty()) {
                launches.add(clock.get() - start);
            }
        }
        Long[] times = launches.toArray(Long[]::new);
        for (int from = 0; from < times.length; from++) {
            for (int to = from; to < times.length; to += 1 + random.nextInt(40)) {
                double most = burst + (times[to] - times[from]) / 1e9 * rate + 1e-6;
                assertThat((double) (to - from + 1)).isLessThanOrEqualTo(most);
            }
        }
        double least = (clock.get() - start) / 1e9 * rate * 0.5 - 20;
        assertThat((double) times.length).isGreaterThan(least);
    }

    /** Threads take and give back at once: the limit holds at each moment, and nothing is lost. */
    @Test
    void theLimitHoldsWhateverThreadsDo() throws Exception {
        int most = 5;
        Quotas quotas =
                quotas(new WorkloadQuota(most, Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, 3L * most));
        AtomicInteger enclaves = new AtomicInteger();
        AtomicInteger pages = new AtomicInteger();
        AtomicInteger excess = new AtomicInteger();
        List<Future<Boolean>> results = new ArrayList<>();
        try (var threads = Executors.newFixedThreadPool(4)) {
            for (int t = 0; t < 4; t++) {
                results.add(threads.submit(() -> {
                    for (int i = 0; i < 20_000; i++) {
                        if (quotas.admit(A).isEmpty()) {
                            excess.addAndGet(enclaves.incrementAndGet() > most ? 1 : 0);
                            if (quotas.charge(A, 3)) {
                                excess.addAndGet(pages.addAndGet(3) > 3 * most ? 1 : 0);
                                pages.addAndGet(-3);
                                quotas.uncharge(A, 3);
                            }
                            enclaves.decrementAndGet();
                            quotas.released(A);
                        }
                    }
                    return true;
                }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
        assertThat(excess).hasValue(0);
        assertThat(used(quotas).enclaves()).isZero();
        assertThat(used(quotas).epcPages()).isZero();
    }
}
