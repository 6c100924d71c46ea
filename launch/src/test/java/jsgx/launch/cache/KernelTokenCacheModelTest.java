package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.B;
import static jsgx.launch.cache.TestTokens.C;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.mrEnclave;
import static jsgx.launch.cache.TestTokens.mrSigner;
import static jsgx.launch.cache.TestTokens.number;
import static jsgx.launch.cache.TestTokens.token;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import jsgx.driver.Workload;
import jsgx.launch.cache.Lookup.Origin;
import jsgx.launch.cache.OrderModel.Item;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The cache against plain lists with the same rules, through random operations. */
class KernelTokenCacheModelTest {

    private static final List<Workload> WORKLOADS = List.of(A, B, C);
    private static final int ENCLAVES = 60;
    private static final int STEPS = 1500;
    private static final int SEEDS = 3;

    /** One run: the same operations on both. */
    private static final class Run {

        private final Random random;
        private final List<Workload> workloads;
        private final CacheModel model;
        private final KernelTokenCache<IOException> cache;
        private Instant now = Instant.EPOCH;
        private long generation;
        private long hits;

        Run(long seed, Scheme scheme, List<Workload> workloads) {
            this.random = new Random(seed);
            this.workloads = workloads;
            CacheLimits limits = CacheLimits.ofBytes(20 * scheme.entryBytes());
            this.model = new CacheModel(limits, scheme);
            this.cache = new KernelTokenCache<>(limits, scheme, () -> now);
        }

        void step() throws InterruptedException {
            switch (random.nextInt(100)) {
                case 0, 1 -> flushEnclave(skewed());
                case 2 -> flushSigner(random.nextInt(4));
                case 3 -> flush(any(workloads));
                case 4, 5, 6 -> limits();
                case 7 -> shrink(random.nextLong(model.bytes() + 1));
                case 8 -> generation();
                case 9, 10 -> now = now.plusMillis(random.nextInt(10_000));
                default -> get(skewed(), generation - (random.nextInt(20) == 0 ? 1 : 0), any(workloads), 0);
            }
        }

        /** A lookup whose loader may fail, flush or look something else up. */
        private void get(int n, long gen, Workload workload, int depth) throws InterruptedException {
            boolean hit = model.hit(n, gen, workload.name());
            Map<Workload, WorkloadStatistics> safe = withinFloors(workload);
            if (hit) {
                hits++;
            } else {
                model.miss(gen, workload.name());
            }
            boolean fails = random.nextInt(20) == 0;
            Instant begun = now;
            try {
                Lookup lookup = cache.get(key(n, gen), workload, () -> {
                    assertThat(hit).as("the model has no token %d", n).isFalse();
                    load(n, gen, workload, depth, fails, begun);
                    return token(n);
                });
                assertThat(number(lookup)).isEqualTo(n);
                assertThat(lookup.origin()).isEqualTo(hit ? Origin.HIT : Origin.LOADED);
            } catch (IOException e) {
                assertThat(!hit && fails).isTrue();
            }
            safe.forEach((other, before) -> assertLostNothing(other, before));
        }

        private void load(int n, long gen, Workload workload, int depth, boolean fails, Instant begun)
                throws IOException {
            now = now.plusNanos(1000L * (1 + random.nextInt(5) * random.nextInt(5)));
            if (depth < 2 && random.nextInt(10) == 0) {
                try {
                    get(n + ENCLAVES, gen, any(workloads), depth + 1);
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
            boolean flushed = depth == 0 && random.nextInt(20) == 0;
            if (flushed) {
                flushEnclave(n);
            }
            if (fails) {
                model.failed(workload.name());
                throw new IOException("as planned");
            }
            long cost = Duration.between(begun, now).toNanos();
            model.loaded(new Item(n, gen, workload.name(), now.toEpochMilli(), cost), flushed);
        }

        private void flushEnclave(int n) {
            assertThat(cache.flush(identity -> identity.isEnclave(mrEnclave(n))))
                    .isEqualTo(model.drop(item -> item.n == n, EvictionCause.FLUSH));
        }

        private void flushSigner(int signer) {
            assertThat(cache.flush(identity -> identity.isSignedBy(mrSigner(signer))))
                    .isEqualTo(model.drop(item -> item.n % 4 == signer, EvictionCause.FLUSH));
        }

        private void flush(Workload workload) {
            assertThat(cache.flush(workload))
                    .isEqualTo(model.drop(item -> item.workload.equals(workload.name()), EvictionCause.FLUSH));
        }

        private void limits() {
            long each = model.scheme().entryBytes();
            CacheLimits next = CacheLimits.ofBytes((10 + random.nextInt(20)) * each + random.nextInt(100));
            if (random.nextBoolean()) {
                next = next.withMaxEntries(12 + random.nextInt(20));
            }
            if (random.nextBoolean()) {
                next = next.withDefaultCeiling(random.nextInt(10) * each);
            }
            if (workloads.size() > 1) {
                long floor = random.nextInt(5) * each;
                next = next.withWorkload(any(workloads), new WorkloadLimits(floor, floor + random.nextInt(10) * each));
                next = next.withWorkload(any(workloads), WorkloadLimits.floor(random.nextInt(5) * each));
            }
            cache.limits(next);
            model.limits(next);
        }

        private void shrink(long toBytes) {
            long before = model.bytes();
            model.shrink(toBytes);
            assertThat(cache.shrink(toBytes)).isEqualTo(before - model.bytes());
        }

        private void generation() {
            generation++;
            if (random.nextBoolean()) {
                cache.generation(generation);
                model.generation(generation);
            }
        }

        void scheme(Scheme next) {
            cache.scheme(next);
            model.scheme(next);
        }

        void check() {
            CacheStatistics statistics = cache.statistics();
            assertThat(statistics).isEqualTo(model.statistics(now.toEpochMilli()));
            for (int n = 0; n < 3 * ENCLAVES; n++) {
                assertThat(cache.table.find(key(n, generation)) != null)
                        .as("token %d is there under %s", n, model.scheme())
                        .isEqualTo(model.contains(n, generation));
            }
            CacheLimits limits = cache.limits();
            assertThat(statistics.total().bytes()).isLessThanOrEqualTo(limits.maxBytes());
            assertThat(statistics.total().entries()).isLessThanOrEqualTo(limits.maxEntries());
            statistics.workloads().forEach((workload, one) -> {
                assertThat(one.bytes()).isLessThanOrEqualTo(limits.of(workload).ceilingBytes());
                assertThat(one.misses()).isEqualTo(one.loads() + one.loadFailures() + one.joins() + one.loading());
            });
        }

        /** The other workloads that are not above their floors. */
        private Map<Workload, WorkloadStatistics> withinFloors(Workload launching) {
            Map<Workload, WorkloadStatistics> safe =
                    new HashMap<>(cache.statistics().workloads());
            safe.remove(launching);
            safe.entrySet()
                    .removeIf(entry -> entry.getValue().bytes()
                            > model.limits().of(entry.getKey()).floorBytes());
            return safe;
        }

        /** Unless it launched something itself, nested in the lookup. */
        private void assertLostNothing(Workload other, WorkloadStatistics before) {
            WorkloadStatistics after =
                    Objects.requireNonNull(cache.statistics().workloads().get(other));
            if (after.misses() == before.misses()) {
                for (EvictionCause cause : List.of(EvictionCause.SIZE, EvictionCause.ENTRIES, EvictionCause.CEILING)) {
                    assertThat(after.evictions())
                            .as("what %s has within its floor", other)
                            .containsEntry(cause, before.evictions().get(cause));
                }
            }
        }

        /** Some enclaves are launched much more often than others. */
        private int skewed() {
            return random.nextInt(1 + random.nextInt(ENCLAVES));
        }

        private <T> T any(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneWorkloadUnderEachScheme(Scheme scheme) throws InterruptedException {
        for (long seed = 0; seed < SEEDS; seed++) {
            run(new Run(seed, scheme, List.of(A)), List.of());
        }
    }

    @ParameterizedTest
    @EnumSource
    void workloadsWithFloorsAndCeilingsUnderEachScheme(Scheme scheme) throws InterruptedException {
        for (long seed = 0; seed < SEEDS; seed++) {
            run(new Run(seed, scheme, WORKLOADS), List.of());
        }
    }

    @Test
    void schemesThatChange() throws InterruptedException {
        for (long seed = 0; seed < SEEDS; seed++) {
            run(new Run(seed, Scheme.LRU, WORKLOADS), List.of(Scheme.values()));
        }
    }

    private static void run(Run run, List<Scheme> schemes) throws InterruptedException {
        for (int step = 0; step < STEPS; step++) {
            run.step();
            if (!schemes.isEmpty() && run.random.nextInt(50) == 0) {
                run.scheme(run.any(schemes));
            }
            run.check();
        }
        assertThat(run.hits).as("the run is not of misses alone").isGreaterThan(STEPS / 10);
    }
}
