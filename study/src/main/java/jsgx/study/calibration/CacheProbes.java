package jsgx.study.calibration;

import java.time.InstantSource;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.Scheme;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;

/** The steps of the kernel's cache by itself. */
final class CacheProbes {

    private static final int TOKENS = 4096;
    private static final byte[] TOKEN = new byte[304];
    private static final byte[] LE_HASH = new byte[32];

    private CacheProbes() {}

    /** A full cache keeps one more token. The token itself is at hand. */
    static Probe keep() {
        KernelTokenCache<RuntimeException> cache = cache();
        long[] number = new long[] {fill(cache)};
        return () -> {
            TokenKey key = key(number[0]++);
            long start = System.nanoTime();
            var lookup = get(cache, key);
            long nanos = System.nanoTime() - start;
            return lookup.token().length == TOKEN.length ? nanos : Sampler.NO_SAMPLE;
        };
    }

    /** A full cache drops one enclave's token: the time for each token that it holds. */
    static Probe purge() {
        KernelTokenCache<RuntimeException> cache = cache();
        long[] number = new long[] {fill(cache)};
        return () -> {
            TokenKey key = key(number[0]++);
            get(cache, key);
            long held = cache.count(any -> true);
            byte[] revoked = key.identity().mrEnclave();
            long start = System.nanoTime();
            cache.flush(identity -> identity.isEnclave(revoked));
            return (System.nanoTime() - start) / held;
        };
    }

    private static KernelTokenCache<RuntimeException> cache() {
        Scheme scheme = Scheme.LRU;
        return new KernelTokenCache<>(
                CacheLimits.ofBytes(TOKENS * scheme.entryBytes()), scheme, InstantSource.system());
    }

    private static long fill(KernelTokenCache<RuntimeException> cache) {
        for (long number = 0; number < TOKENS; number++) {
            get(cache, key(number));
        }
        return TOKENS;
    }

    private static jsgx.launch.cache.Lookup get(KernelTokenCache<RuntimeException> cache, TokenKey key) {
        try {
            return cache.get(key, PlatformProbes.WORKLOAD, () -> TOKEN);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("one thread alone waits for no other", e);
        }
    }

    private static TokenKey key(long number) {
        TokenIdentity identity = Enclaves.identity(number);
        return new TokenKey(identity, LE_HASH, 0);
    }
}
