package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jsgx.launch.file.FileLayer;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** What a store's token is said to take in memory, against the heap that many take. */
@Isolated("it measures the heap")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class HeldBytesTest {

    private static final int TOKENS = 20_000;
    private static final int COLLECTIONS = 2;

    /** What is said may be more by so little. */
    private static final long LEAST = StoredToken.MEMORY_BYTES * 3 / 4;

    @TempDir
    Path folder;

    @Test
    void isWhatTheHeapSays() throws Exception {
        long kept = each();
        // What tests before this one left in the process comes and goes: it adds to one measurement, not to each.
        long read = each();
        for (int again = 0; again < 2; again++) {
            read = Math.min(read, each());
        }

        assertThat(kept).as("bytes of heap for a token that was just kept").isBetween(LEAST, StoredToken.MEMORY_BYTES);
        assertThat(read).as("and for one that was read from the file").isBetween(LEAST, StoredToken.MEMORY_BYTES);
    }

    /** The heap that a token takes in a store that has all of them, and was asked for each. */
    private long each() throws Exception {
        long before = used();
        try (TokenStore store = TokenStore.open(files(), folder.resolve(TokenStore.FILE_NAME))) {
            UserTokenCache cache = new UserTokenCache(store, () -> TokenOrigin.UNKNOWN, () -> Instant.EPOCH);
            for (int n = 0; n < TOKENS; n++) {
                get(cache, n);
            }
            long taken = used() - before;
            assertThat(store.count(any -> true)).isEqualTo(TOKENS);
            return taken / TOKENS;
        }
    }

    private static void get(UserTokenCache cache, int n) throws Exception {
        byte[] identity = new byte[TokenIdentity.SIZE];
        new Random(n).nextBytes(identity);
        cache.get(HexFormat.of().formatHex(identity, 0, 32), TokenIdentity.of(identity), asked -> new byte[304]);
    }

    /** The machine's files, with nothing made durable. */
    private static FileLayer files() {
        return lazy(FileLayer.class, FileLayer.REAL);
    }

    private static <T> T lazy(Class<T> type, T real) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    if (method.getName().equals("force") || method.getName().equals("syncFolder")) {
                        return null;
                    }
                    try {
                        Object result = method.invoke(real, arguments);
                        return result instanceof FileLayer.OpenFile open
                                ? lazy(FileLayer.OpenFile.class, open)
                                : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    private static long used() throws InterruptedException {
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            Thread.sleep(20);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
