package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static jsgx.launch.cache.TestTokens.B;
import static jsgx.launch.cache.TestTokens.key;
import static jsgx.launch.cache.TestTokens.mrEnclave;
import static jsgx.launch.cache.TestTokens.number;
import static jsgx.launch.cache.TestTokens.token;

import java.time.Instant;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Two threads on a cache that has room for two: what they find is what one thread could have found. A token says the version that was current when it was
 * loaded; a revocation makes a new version and flushes. Lincheck's exploration of every interleaving passes too, and takes minutes: with {@code
 * ModelCheckingOptions} in place of {@code StressOptions}.
 */
@Isolated("Lincheck instruments the classes that it runs")
class KernelTokenCacheLincheckTest {

    /** What Lincheck runs. */
    @Param(name = "n", gen = IntGen.class, conf = "0:2")
    public static class Operations {

        private static final CacheLimits TWO = CacheLimits.ofBytes(2 * Scheme.LRU.entryBytes());

        private final KernelTokenCache<RuntimeException> cache =
                new KernelTokenCache<>(TWO, Scheme.LRU, () -> Instant.EPOCH);
        private final AtomicIntegerArray version = new AtomicIntegerArray(3);

        @Operation
        public int get(@Param(name = "n") int n) throws InterruptedException {
            return number(cache.get(key(n), A, () -> token(version.get(n))));
        }

        @Operation
        public void revoke(@Param(name = "n") int n) {
            version.incrementAndGet(n);
            cache.flush(identity -> identity.isEnclave(mrEnclave(n)));
        }

        @Operation
        public void oneFits() {
            cache.limits(TWO.withMaxEntries(1).withDefaultCeiling(Scheme.LRU.entryBytes()));
        }

        @Operation
        public void sieve() {
            cache.scheme(Scheme.SIEVE);
        }

        @Operation
        public void shrink() {
            cache.flush(B);
            cache.shrink(0);
        }
    }

    @Test
    void isLinearizable() {
        new StressOptions()
                .iterations(5)
                .invocationsPerIteration(200)
                .threads(2)
                .actorsPerThread(3)
                .actorsBefore(2)
                .actorsAfter(2)
                .check(Operations.class);
    }
}
