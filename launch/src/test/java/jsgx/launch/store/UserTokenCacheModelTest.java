package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import jsgx.launch.LaunchException;
import jsgx.launch.file.CrashFiles;
import jsgx.launch.file.FileLayer;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two processes' views of one store do what a map does. The clock goes on by a minute or more with each step, so that every use is
 * noted on disk and both views evict alike.
 */
class UserTokenCacheModelTest {

    private static final int STEPS = 1500;
    private static final int LABELS = 9;
    private static final int IDENTITIES = 3;
    private static final List<Duration> LIVES =
            List.of(Terms.DEFAULT.life(), Duration.ofHours(1), Duration.ofDays(2), Duration.ZERO);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void filesInMemory(long seed) throws Exception {
        new Run(new CrashFiles(), Path.of("/state/tokens"), seed).go();
    }

    @Test
    void filesOnDisk() throws Exception {
        new Run(FileLayer.REAL, folder.resolve("state/tokens"), 9).go();
    }

    private static final class Run {

        private final FileLayer files;
        private final Path file;
        private final Random random;
        private final TestTokens.Clock clock = new TestTokens.Clock();
        private final Map<String, StoredToken> model = new TreeMap<>();
        private final List<TokenStore> stores = new ArrayList<>();
        private final List<UserTokenCache> views = new ArrayList<>();

        /** For each view the tokens that it has had in its hands. */
        private final List<Set<StoredTokenId>> met = List.of(new HashSet<>(), new HashSet<>());

        private long budget = TokenStore.DEFAULT_BUDGET;
        private int issued;
        private int rewritten;

        private record StoredTokenId(String label, List<Byte> token) {
            static StoredTokenId of(String label, byte[] token) {
                List<Byte> bytes = new ArrayList<>();
                for (byte each : token) {
                    bytes.add(each);
                }
                return new StoredTokenId(label, bytes);
            }
        }

        Run(FileLayer files, Path file, long seed) {
            this.files = files;
            this.file = file;
            this.random = new Random(seed);
        }

        void go() throws Exception {
            for (int i = 0; i < 2; i++) {
                stores.add(TokenStore.open(files, file));
                views.add(new UserTokenCache(stores.get(i), () -> TestTokens.HERE, clock));
            }
            long largest = 0;
            for (int step = 0; step < STEPS; step++) {
                clock.now = clock.now.plusSeconds(60 + random.nextInt(3600));
                int view = random.nextInt(2);
                step(view, label());
                assertThat(views.get(random.nextInt(2)).list())
                        .as("step %d", step)
                        .containsExactlyElementsOf(model.values());
                assertThat(views.get(view).budget()).isEqualTo(budget);
                assertThat(views.get(view).size()).isEqualTo(size());
                long now = files.stat(file).orElseThrow().size();
                rewritten += now < largest ? 1 : 0;
                largest = now;
            }
            for (TokenStore store : stores) {
                store.close();
            }
            assertThat(rewritten).as("compactions").isPositive();
        }

        private void step(int view, String label) throws LaunchException {
            UserTokenCache cache = views.get(view);
            switch (random.nextInt(20)) {
                case 0 -> {
                    boolean pinned = random.nextBoolean();
                    assertThat(cache.pin(label, pinned)).isEqualTo(model.containsKey(label));
                    model.computeIfPresent(label, (name, old) -> changed(old, pinned, old.expiresAt(), old.lastUsed()));
                }
                case 1 -> {
                    Instant at = clock.now.plusSeconds(random.nextInt(20_000) - 5000);
                    assertThat(cache.expire(label, at)).isEqualTo(model.containsKey(label));
                    model.computeIfPresent(label, (name, old) -> changed(old, old.pinned(), at, old.lastUsed()));
                }
                case 2 -> assertThat(cache.discard(label)).isEqualTo(model.remove(label) != null);
                case 3 -> {
                    budget = random.nextInt(LABELS * 500);
                    List<String> evicted = cache.budget(budget);
                    assertThat(evicted).containsExactlyElementsOf(evict(size() - budget, ""));
                }
                case 4 -> {
                    byte[] signer = identity().mrSigner();
                    List<StoredToken> purged =
                            cache.purge(token -> token.identity().isSignedBy(signer));
                    assertThat(purged).allMatch(token -> token.equals(model.get(token.label())));
                    model.values().removeIf(token -> token.identity().isSignedBy(signer));
                }
                case 5 -> reopen(view);
                case 6 -> {
                    byte[] token = TestTokens.token(identity(), ++issued);
                    try {
                        StoredToken kept = cache.keep(label, token, life());
                        assertThat(keep(kept)).isTrue();
                        met.get(view).add(StoredTokenId.of(label, token));
                    } catch (LaunchException e) {
                        assertThat(e).hasMessageContaining("no room");
                        assertThat(hasRoom(label, false)).isFalse();
                    }
                }
                default -> get(view, label);
            }
        }

        private void get(int view, String label) throws LaunchException {
            Terms terms = Terms.DEFAULT.withLife(life()).withTrustStore(random.nextInt(4) == 0);
            var identity = identity();
            StoredToken old = model.get(label);
            UserToken got = views.get(view)
                    .<RuntimeException>get(label, identity, terms, asked -> TestTokens.token(asked, ++issued));
            if (got.source() == UserToken.Source.ISSUED) {
                String why = old == null
                        ? ""
                        : old.isExpired(clock.now)
                                ? "re-issued: the store's token expired at " + old.expiresAt()
                                : "re-issued: the store's token is for MRENCLAVE ";
                assertThat(got.reissueReason()).startsWith(why);
                assertThat(old == null
                                || old.isExpired(clock.now)
                                || !old.identity().equals(identity))
                        .isTrue();
                StoredToken fresh = new StoredToken(
                        label,
                        identity,
                        TestTokens.HERE,
                        got.token(),
                        clock.now,
                        StoredToken.end(clock.now, terms.life()),
                        old != null && old.pinned(),
                        clock.now);
                assertThat(got.notKept().isEmpty()).isEqualTo(keep(fresh));
            } else {
                assertThat(old).isNotNull();
                assertThat(got.token()).isEqualTo(old.token());
                assertThat(old.isExpired(clock.now)).isFalse();
                assertThat(terms.trustStore() || old.identity().equals(identity))
                        .isTrue();
                if (got.source() == UserToken.Source.USER_CACHE) {
                    assertThat(met.get(view)).contains(StoredTokenId.of(label, got.token()));
                }
                model.put(label, changed(old, old.pinned(), old.expiresAt(), clock.now));
            }
            met.get(view).add(StoredTokenId.of(label, got.token()));
        }

        private void reopen(int view) throws LaunchException {
            stores.get(view).close();
            stores.set(view, TokenStore.open(files, file));
            views.set(view, new UserTokenCache(stores.get(view), () -> TestTokens.HERE, clock));
            met.get(view).clear();
        }

        private boolean hasRoom(String label, boolean pinned) {
            long others = model.values().stream()
                    .filter(token -> token.pinned() && !token.label().equals(label))
                    .mapToLong(StoredToken::size)
                    .sum();
            return pinned || others + StoreRecord.size(label) <= budget;
        }

        private boolean keep(StoredToken token) {
            if (!hasRoom(token.label(), token.pinned())) {
                return false;
            }
            model.put(token.label(), token);
            evict(size() - budget, token.label());
            return true;
        }

        private List<String> evict(long over, String spared) {
            List<String> order = model.values().stream()
                    .filter(token -> !token.pinned() && !token.label().equals(spared))
                    .sorted(Comparator.comparing(StoredToken::expiresAt)
                            .thenComparing(StoredToken::lastUsed)
                            .thenComparing(StoredToken::label))
                    .map(StoredToken::label)
                    .toList();
            List<String> evicted = new ArrayList<>();
            long left = over;
            for (String label : order) {
                if (left > 0) {
                    StoredToken victim = model.remove(label);
                    left -= victim == null ? 0 : victim.size();
                    evicted.add(label);
                }
            }
            return evicted;
        }

        private long size() {
            return model.values().stream().mapToLong(StoredToken::size).sum();
        }

        private static StoredToken changed(StoredToken old, boolean pinned, Instant expires, Instant used) {
            return new StoredToken(
                    old.label(), old.identity(), old.origin(), old.token(), old.issuedAt(), expires, pinned, used);
        }

        private String label() {
            return "app-" + "x".repeat(random.nextInt(2)) + random.nextInt(LABELS);
        }

        private TokenIdentity identity() {
            return TestTokens.identity(random.nextInt(IDENTITIES));
        }

        private Duration life() {
            return LIVES.get(random.nextInt(LIVES.size()));
        }
    }
}
