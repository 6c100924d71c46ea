package jsgx.study.calibration;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import jsgx.launch.LaunchException;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/** The steps of a user's store in a folder. */
final class StoreProbes implements AutoCloseable {

    private static final int HELD = 1024;

    /** Tokens that are read again and again. */
    private static final int HOT = 128;

    private static final byte[] TOKEN = new byte[304];

    private final Path folder;
    private final TokenStore store;
    private final UserTokenCache cache;

    /** The label of the next token that is kept. */
    private int next = HOT;

    StoreProbes(Path folder) throws LaunchException {
        this.folder = folder;
        this.store = TokenStore.in(folder.resolve("store"));
        this.cache = cache(store);
        fill(store, HOT);
    }

    /** One more token is kept, durably, in the time of a get whose token is issued at once. */
    Probe keep() {
        return () -> {
            int number = next++;
            long start = System.nanoTime();
            UserToken token = get(cache, number);
            return timed(start, token, UserToken.Source.ISSUED);
        };
    }

    /** A token of which there is a copy in memory. */
    Probe memory() {
        int[] next = new int[1];
        return () -> {
            int number = next[0]++ % HOT;
            long start = System.nanoTime();
            UserToken token = get(cache, number);
            return timed(start, token, UserToken.Source.USER_CACHE);
        };
    }

    /** A token whose store was opened and did not yet read it. */
    Probe disk() {
        return new Probe() {
            private @Nullable TokenStore open;
            private int next;

            @Override
            public long sample() throws LaunchException {
                if (next == 0) {
                    open = TokenStore.in(folder.resolve("store"));
                }
                TokenStore reopened = Objects.requireNonNull(open, "opened before the first number");
                UserTokenCache fresh = cache(reopened);
                long start = System.nanoTime();
                UserToken token = get(fresh, next);
                long nanos = timed(start, token, UserToken.Source.STORE);
                next = (next + 1) % HOT;
                if (next == 0) {
                    reopened.close();
                    open = null;
                }
                return nanos;
            }

            @Override
            public void close() {
                if (open != null) {
                    open.close();
                }
            }
        };
    }

    /** One enclave's token is purged from a store that has no other, as a revocation does it: what purging takes once. */
    Probe purge() throws LaunchException {
        return new Purging(folder.resolve("few"), 1)::sample;
    }

    /** What the tokens of a store that has many add to that, each: both are purged right after another, so that the disk is the same. Below 0 where it was not. */
    Probe purgeToken() throws LaunchException {
        Purging one = new Purging(folder.resolve("one"), 1);
        Purging many = new Purging(folder.resolve("many"), HELD);
        return () -> (many.sample() - one.sample()) / (HELD - 1);
    }

    /** Purges one token after the other of a store that gets another one for each. */
    private static final class Purging {

        private final Path folder;
        private final int held;
        private int purged;

        Purging(Path folder, int held) throws LaunchException {
            this.folder = folder;
            this.held = held;
            try (TokenStore filled = TokenStore.in(folder)) {
                fill(filled, held);
            }
        }

        long sample() throws LaunchException {
            byte[] revoked = Enclaves.identity(purged).mrEnclave();
            long start = System.nanoTime();
            long gone;
            try (TokenStore opened = TokenStore.in(folder)) {
                gone = opened.purge(token -> token.identity().isEnclave(revoked))
                        .size();
            }
            long nanos = System.nanoTime() - start;
            if (gone != 1) {
                throw new IllegalStateException("a store that has a token purged " + gone);
            }
            try (TokenStore opened = TokenStore.in(folder)) {
                get(cache(opened), held + purged);
            }
            purged++;
            return nanos;
        }
    }

    /** Those who keep tokens at once share a sync. */
    private static void fill(TokenStore filled, int tokens) throws LaunchException {
        UserTokenCache cache = cache(filled);
        List<Future<UserToken>> kept;
        try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
            kept = IntStream.range(0, tokens)
                    .mapToObj(number -> many.submit(() -> get(cache, number)))
                    .toList();
        }
        for (Future<UserToken> token : kept) {
            if (token.state() != Future.State.SUCCESS
                    || !token.resultNow().notKept().isEmpty()) {
                throw new LaunchException("a token could not be kept in %s: %s"
                        .formatted(
                                filled.path(),
                                token.state() == Future.State.SUCCESS
                                        ? token.resultNow().notKept()
                                        : token.exceptionNow()));
            }
        }
    }

    @Override
    public void close() {
        store.close();
    }

    private static UserToken get(UserTokenCache from, int number) throws LaunchException {
        TokenIdentity identity = Enclaves.identity(number);
        return from.get(Integer.toString(number), identity, asked -> TOKEN);
    }

    private static long timed(long start, UserToken token, UserToken.Source expected) {
        long nanos = System.nanoTime() - start;
        return token.source() == expected ? nanos : Sampler.NO_SAMPLE;
    }

    private static UserTokenCache cache(TokenStore store) {
        return new UserTokenCache(store, () -> TokenOrigin.UNKNOWN, InstantSource.system());
    }
}
