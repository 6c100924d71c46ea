package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.token;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Instant;
import java.util.Random;
import java.util.stream.IntStream;
import jsgx.launch.cache.Lookup.Origin;
import org.junit.jupiter.api.Test;

/** What the schemes are for: popular enclaves stay through scans of enclaves that are launched once. */
class HitRatioTest {

    private static final int ENTRIES = 500;

    /** Of 5,000 enclaves a few are popular; every now and then 1,000 come that never come again. */
    private static final int[] TRACE = trace();

    private static int[] trace() {
        Random random = new Random(1);
        IntStream.Builder trace = IntStream.builder();
        int fresh = 1_000_000;
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 4000; i++) {
                trace.add((int) (5000 * Math.pow(random.nextDouble(), 4)));
            }
            for (int i = 0; i < 1000; i++) {
                fresh++;
                trace.add(fresh);
            }
        }
        return trace.build().toArray();
    }

    @Test
    void wTinyLfuIsAsGoodAsCaffeine() throws InterruptedException {
        Cache<Integer, Integer> caffeine = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(ENTRIES)
                .build();
        int hits = 0;
        for (int n : TRACE) {
            if (caffeine.getIfPresent(n) == null) {
                caffeine.put(n, n);
            } else {
                hits++;
            }
        }

        assertThat(ratio(Scheme.W_TINY_LFU)).isGreaterThan((double) hits / TRACE.length - 0.01);
    }

    @Test
    void whatResistsScansHitsMoreOftenThanLru() throws InterruptedException {
        double lru = ratio(Scheme.LRU);

        assertThat(ratio(Scheme.W_TINY_LFU)).isGreaterThan(lru + 0.03);
        assertThat(ratio(Scheme.S3_FIFO)).isGreaterThan(lru + 0.03);
        assertThat(ratio(Scheme.SIEVE)).isGreaterThan(lru + 0.03);
        assertThat(ratio(Scheme.LFU)).isGreaterThan(lru + 0.03);
        assertThat(ratio(Scheme.FIFO)).isLessThan(lru);
    }

    private static double ratio(Scheme scheme) throws InterruptedException {
        KernelTokenCache<RuntimeException> cache =
                new KernelTokenCache<>(CacheLimits.ofBytes(ENTRIES * scheme.entryBytes()), scheme, () -> Instant.EPOCH);
        int hits = 0;
        for (int n : TRACE) {
            hits += cache.get(key(n), A, () -> token(n)).origin() == Origin.HIT ? 1 : 0;
        }
        return (double) hits / TRACE.length;
    }
}
