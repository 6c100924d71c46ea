package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.B;
import static jsgx.launch.cache.TestTokens.C;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.mrEnclave;
import static jsgx.launch.cache.TestTokens.number;
import static jsgx.launch.cache.TestTokens.token;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import jsgx.driver.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lookups from several threads while others flush, shrink and change limits and scheme. */
@Timeout(120)
class LiveReconfigurationTest {

    private static final int ENCLAVES = 64;
    private static final int LOOKUPS = 100_000;
    private static final int CHANGES = 3_000;
    private static final long EACH = Scheme.W_TINY_LFU.entryBytes();
    private static final CacheLimits LIMITS = CacheLimits.ofBytes(40 * EACH)
            .withWorkload(A, WorkloadLimits.floor(10 * EACH))
            .withWorkload(B, new WorkloadLimits(5 * EACH, 20 * EACH));

    private final KernelTokenCache<IOException> cache =
            new KernelTokenCache<>(LIMITS, Scheme.LRU, InstantSource.system());

    /** What a token for an enclave says now, and what it says at least, since the cache was flushed of all before. */
    private final AtomicIntegerArray version = new AtomicIntegerArray(ENCLAVES);

    private final AtomicIntegerArray flushed = new AtomicIntegerArray(ENCLAVES);

    @Test
    void nobodySeesWhatWasFlushedBeforeAndAllBoundsHold() throws Exception {
        List<Callable<Void>> tasks = new ArrayList<>();
        tasks.add(() -> lookUp(A, 1));
        tasks.add(() -> lookUp(B, 2));
        tasks.add(() -> lookUp(C, 3));
        tasks.add(() -> flush(4));
        tasks.add(() -> change(5));
        try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
            for (Future<Void> done : threads.invokeAll(tasks)) {
                done.get();
            }
        }

        CacheStatistics end = check();
        long found = 0;
        for (int n = 0; n < ENCLAVES; n++) {
            found += cache.table.find(key(n)) == null ? 0 : 1;
        }
        assertThat(end.total().entries()).isEqualTo(found);
        assertThat(end.total().loading()).isZero();
        assertThat(end.total().hits() + end.total().misses()).isEqualTo(3L * LOOKUPS);
        assertThat(end.total().hits()).isPositive();
        cache.scheme(Scheme.LRU);
        cache.shrink(0);
        assertThat(cache.statistics().total().entries())
                .as("every entry is in an order")
                .isZero();
    }

    private Void lookUp(Workload workload, long seed) throws IOException, InterruptedException {
        Random random = new Random(seed);
        for (int i = 0; i < LOOKUPS; i++) {
            int n = random.nextInt(ENCLAVES);
            int atLeast = flushed.get(n);
            int found = number(cache.get(key(n), workload, () -> token(version.get(n))));
            assertThat(found).isGreaterThanOrEqualTo(atLeast);
        }
        return null;
    }

    /** What it was revoked for, a token says by a lower version. */
    private Void flush(long seed) {
        Random random = new Random(seed);
        for (int i = 0; i < CHANGES; i++) {
            int n = random.nextInt(ENCLAVES);
            int next = version.incrementAndGet(n);
            cache.flush(identity -> identity.isEnclave(mrEnclave(n)));
            flushed.set(n, next);
        }
        return null;
    }

    private Void change(long seed) {
        Random random = new Random(seed);
        Scheme[] schemes = Scheme.values();
        for (int i = 0; i < CHANGES; i++) {
            switch (random.nextInt(4)) {
                case 0 -> cache.scheme(schemes[random.nextInt(schemes.length)]);
                case 1 -> cache.limits(LIMITS.withMaxBytes((15 + random.nextInt(60)) * EACH));
                case 2 -> cache.shrink(random.nextInt(40) * EACH);
                default -> cache.limits(LIMITS.withDefaultCeiling(random.nextInt(20) * EACH));
            }
            check();
        }
        return null;
    }

    private CacheStatistics check() {
        CacheStatistics now = cache.statistics();
        WorkloadStatistics total = now.total();
        assertThat(total.bytes()).isLessThanOrEqualTo(75 * EACH);
        assertThat(total.misses()).isEqualTo(total.loads() + total.loadFailures() + total.joins() + total.loading());
        assertThat(total.entries())
                .isEqualTo(now.workloads().values().stream()
                        .mapToLong(WorkloadStatistics::entries)
                        .sum());
        return now;
    }
}
