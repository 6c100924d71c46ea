package jsgx.bench;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jsgx.arch.struct.Attributes;
import jsgx.driver.Workload;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.Lookup;
import jsgx.launch.cache.Scheme;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A hit in the kernel's token cache under each scheme, by one thread and by two; and the limit: a bare Caffeine's {@code getIfPresent} of the same key. A hit
 * may take 3 times as long. The key is equal to the one in the cache and not the same, as a launch makes its own.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class KernelCacheBenchmark {

    private static final int ENTRIES = 1024;
    private static final int TOKEN = 304;
    private static final Workload WORKLOAD = new Workload("0");

    @Param
    private Scheme scheme = Scheme.LRU;

    private final KernelTokenCache<IOException> cache = new KernelTokenCache<>(
            CacheLimits.ofBytes(ENTRIES * Scheme.W_TINY_LFU.entryBytes()), Scheme.LRU, InstantSource.system());
    private final Cache<TokenKey, byte[]> caffeine =
            Caffeine.newBuilder().maximumSize(ENTRIES).build();

    /** Each thread asks for another enclave. */
    @State(Scope.Thread)
    public static class Launch {
        private static final Random SEEDS = new Random(1);
        private final TokenKey key = key(SEEDS.nextInt(ENTRIES));
    }

    @Setup
    public void fill() throws IOException, InterruptedException {
        cache.scheme(scheme);
        for (int n = 0; n < ENTRIES; n++) {
            cache.get(key(n), WORKLOAD, () -> new byte[TOKEN]);
            caffeine.put(key(n), new byte[TOKEN]);
        }
    }

    @Benchmark
    public Lookup hit(Launch launch) throws IOException, InterruptedException {
        return cache.get(launch.key, WORKLOAD, KernelCacheBenchmark::absent);
    }

    @Benchmark
    @Threads(2)
    public Lookup hitByTwo(Launch launch) throws IOException, InterruptedException {
        return cache.get(launch.key, WORKLOAD, KernelCacheBenchmark::absent);
    }

    @Benchmark
    public byte @Nullable [] limit(Launch launch) {
        return caffeine.getIfPresent(launch.key);
    }

    @Benchmark
    @Threads(2)
    public byte @Nullable [] limitByTwo(Launch launch) {
        return caffeine.getIfPresent(launch.key);
    }

    private static byte[] absent() {
        throw new IllegalStateException("the token is in the cache");
    }

    private static TokenKey key(int n) {
        byte[] hash = new byte[32];
        new Random(n).nextBytes(hash);
        return new TokenKey(TokenIdentity.of(hash, hash, new Attributes(Attributes.MODE64BIT, 3)), new byte[32], 0);
    }
}
