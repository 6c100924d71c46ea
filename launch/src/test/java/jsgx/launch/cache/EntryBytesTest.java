package jsgx.launch.cache;

import static jsgx.launch.cache.TestTokens.A;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.Random;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an entry is said to cost, against the heap that 100,000 entries take. */
@Isolated("it measures the heap")
class EntryBytesTest {

    private static final int ENTRIES = 100_000;
    private static final int TOKEN = 304;
    private static final int COLLECTIONS = 2;

    @ParameterizedTest
    @EnumSource
    void isWhatTheHeapSays(Scheme scheme) throws InterruptedException {
        KernelTokenCache<RuntimeException> cache =
                new KernelTokenCache<>(CacheLimits.ofBytes(ENTRIES * scheme.entryBytes()), scheme, () -> Instant.EPOCH);
        long before = used();
        // Twice what fits, so that evictions leave what they leave, such as the ghosts of S3-FIFO.
        for (int n = 0; n < 2 * ENTRIES; n++) {
            cache.get(key(n), A, () -> new byte[TOKEN]);
        }
        long each = (used() - before) / cache.statistics().total().entries();

        assertThat(cache.statistics().total().entries()).isEqualTo(ENTRIES);
        assertThat(each)
                .as("bytes of heap an entry under %s, said to be %d", scheme, scheme.entryBytes())
                .isBetween(scheme.entryBytes() * 95 / 100, scheme.entryBytes());
    }

    /** As a launch makes it: with an identity and hashes of its own. */
    private static TokenKey key(int n) {
        byte[] identity = new byte[TokenIdentity.SIZE];
        new Random(n).nextBytes(identity);
        return new TokenKey(TokenIdentity.of(identity), new byte[32], 0);
    }

    private static long used() throws InterruptedException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(20);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
