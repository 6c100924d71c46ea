package jsgx.launch.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserTokenCacheTest {

    @TempDir
    private Path folder;

    private final TestTokens.Clock clock = new TestTokens.Clock();
    private int issued;

    @Test
    void aTokenIsIssuedOnceAndThenComesFromMemoryAndAfterARestartFromTheStore() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            UserToken first = get(cache, "loader", 1);
            assertThat(first.source()).isEqualTo(UserToken.Source.ISSUED);
            assertThat(first.notKept()).isEmpty();
            UserToken again = get(cache, "loader", 1);
            assertThat(again.source()).isEqualTo(UserToken.Source.USER_CACHE);
            assertThat(again.token()).isEqualTo(TestTokens.token(TestTokens.identity(1), 1));
        }
        try (TokenStore store = open()) {
            assertThat(get(cache(store), "loader", 1).source()).isEqualTo(UserToken.Source.STORE);
            assertThat(get(cache(store), "loader", 1).source()).isEqualTo(UserToken.Source.USER_CACHE);
        }
        assertThat(issued).isEqualTo(1);
    }

    @Test
    void theFileIsItsOwnersAloneInAFolderThatIsToo() throws Exception {
        try (TokenStore store = open()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(store.path())))
                    .isEqualTo("rw-------");
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(store.path().resolveSibling("."))))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void whatOneProcessChangesTheOtherFindsWithItsNextCall() throws Exception {
        try (TokenStore one = open();
                TokenStore other = open()) {
            get(cache(one), "loader", 1);
            assertThat(get(cache(other), "loader", 1).source()).isEqualTo(UserToken.Source.STORE);
            cache(one).discard("loader");
            assertThat(get(cache(other), "loader", 1).source()).isEqualTo(UserToken.Source.ISSUED);
            cache(other).purge(token -> true);
            assertThat(cache(one).list()).as("after the file was replaced").isEmpty();
            get(cache(one), "loader", 1);
            cache(other).budget(0);
            assertThat(cache(one).find("loader")).isEmpty();
            assertThat(cache(one).budget()).isZero();
        }
    }

    @Test
    void aLifeEndsAndTheReasonIsTold() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            Terms anHour = Terms.DEFAULT.withLife(Duration.ofHours(1));
            get(cache, "loader", 1, anHour);
            clock.now = clock.now.plusSeconds(3599);
            assertThat(get(cache, "loader", 1, anHour).source()).isEqualTo(UserToken.Source.USER_CACHE);
            clock.now = clock.now.plusSeconds(1);

            UserToken fresh = get(cache, "loader", 1, anHour);

            assertThat(fresh.source()).isEqualTo(UserToken.Source.ISSUED);
            assertThat(fresh.reissueReason()).isEqualTo("re-issued: the store's token expired at 2017-12-19T13:00:00Z");
            assertThat(store.find("loader").orElseThrow().token().expiresAt())
                    .isEqualTo(Instant.parse("2017-12-19T14:00:00Z"));
        }
    }

    @Test
    void anEndBeyondAllCalendarsIsNever() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            get(cache, "loader", 1, Terms.DEFAULT.withLife(Duration.ofHours(1)));
            assertThat(cache.expire("loader", Instant.MAX)).isTrue();
            assertThat(cache.find("loader").orElseThrow().expiresAt()).isEqualTo(StoredToken.NEVER);
            assertThat(cache.expire("loader", Instant.MIN)).isTrue();
            assertThat(cache.find("loader").orElseThrow().expiresAt()).isEqualTo(Instant.EPOCH);
            assertThatThrownBy(() -> cache.budget(-1)).hasMessageContaining("0 bytes or more");
        }
    }

    @Test
    void aPinOutlivesAReissue() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            get(cache, "loader", 1);
            cache.pin("loader", true);
            get(cache, "loader", 2);

            assertThat(cache.find("loader").orElseThrow().pinned()).isTrue();
            assertThat(cache.find("loader").orElseThrow().identity()).isEqualTo(TestTokens.identity(2));
        }
    }

    @Test
    void theNearestEndIsEvictedFirstThenTheLeastRecentlyUsedAndNeverAPinnedOne() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            for (String label : List.of("pinned", "ends", "old", "used", "young")) {
                clock.now = clock.now.plusSeconds(60);
                Duration life = label.equals("ends") || label.equals("pinned")
                        ? Duration.ofDays(label.length())
                        : Terms.DEFAULT.life();
                get(cache, label, 1, Terms.DEFAULT.withLife(life));
            }
            cache.pin("pinned", true);
            clock.now = clock.now.plusSeconds(60);
            get(cache, "used", 1);
            List<String> evicted = new ArrayList<>();

            for (long budget = store.size() - 1; evicted.size() < 4; budget = store.size() - 1) {
                evicted.addAll(cache.budget(budget));
            }

            assertThat(evicted).containsExactly("ends", "old", "young", "used");
            assertThat(cache.budget(0)).isEmpty();
            assertThat(cache.list()).extracting(StoredToken::label).containsExactly("pinned");
            assertThat(get(cache, "more", 1).notKept()).contains("no room").contains("jsgx token budget");
        }
    }

    @Test
    void anEnclaveThatNeedsNoTokenIsKeptNone() throws Exception {
        try (TokenStore store = open()) {
            UserToken none =
                    cache(store).<RuntimeException>get("loader", TestTokens.identity(1), identity -> new byte[0]);

            assertThat(none.token()).isEmpty();
            assertThat(none.notKept()).contains("none is needed");
            assertThat(cache(store).list()).isEmpty();
        }
    }

    @Test
    void anIssuerThatFailsKeepsWhatIsThere() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            get(cache, "loader", 1);

            assertThatThrownBy(() -> cache.get("loader", TestTokens.identity(2), identity -> {
                        throw new LaunchException("refused");
                    }))
                    .hasMessage("refused");

            assertThat(get(cache, "loader", 1).source()).isEqualTo(UserToken.Source.USER_CACHE);
        }
    }

    @Test
    void aPolicyCanPurgeWhatTheProcessorDoesNotRevoke() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            EinitToken raised = EinitToken.of(TestTokens.token(TestTokens.identity(2), 2));
            raised.isvSvnLe(3);
            get(cache, "old", 1);
            cache.keep("raised", raised.memory().toArray(ValueLayout.JAVA_BYTE), Duration.ofDays(1));

            List<StoredToken> purged = cache.purge(token -> token.leSvn() < 3);

            assertThat(purged).extracting(StoredToken::label).containsExactly("old");
            assertThat(cache.list()).extracting(StoredToken::label).containsExactly("raised");
            byte[] file = Files.readAllBytes(store.path());
            assertThat(new String(file, StandardCharsets.ISO_8859_1))
                    .as("not even its bytes stay")
                    .contains("raised")
                    .doesNotContain("old");
            assertThat(cache.purge(token -> token.origin().leHash().equals("none")))
                    .isEmpty();
        }
    }

    @Test
    void aDamagedStoreIsRefusedAndLeftAsItIs() throws Exception {
        try (TokenStore store = open()) {
            get(cache(store), "one", 1);
            get(cache(store), "two", 2);
        }
        Path file = folder.resolve("state/tokens");
        byte[] bytes = Files.readAllBytes(file);
        bytes[60] ^= 4;
        Files.write(file, bytes);

        assertThatThrownBy(this::open)
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("damaged at offset 24")
                .hasMessageContaining("move the file away");
        assertThat(file).hasBinaryContent(bytes);
    }

    @Test
    void aTornTailIsCutOff() throws Exception {
        try (TokenStore store = open()) {
            get(cache(store), "one", 1);
        }
        Path file = folder.resolve("state/tokens");
        Files.write(file, new byte[300], StandardOpenOption.APPEND);

        try (TokenStore store = open()) {
            assertThat(cache(store).list()).extracting(StoredToken::label).containsExactly("one");
        }
    }

    @Test
    void aLabelHas1To255BytesOfText() throws Exception {
        try (TokenStore store = open()) {
            UserTokenCache cache = cache(store);
            for (String label : List.of("", "x".repeat(256), "é".repeat(128), "\ud800")) {
                assertThatThrownBy(() -> get(cache, label, 1))
                        .isInstanceOf(LaunchException.class)
                        .hasMessageContaining("label");
            }
            for (String label : List.of("x".repeat(255), "é".repeat(127), "\u001b[2J\n", "../../etc", "😀")) {
                get(cache, label, 1);
                assertThat(get(cache, label, 1).source()).isEqualTo(UserToken.Source.USER_CACHE);
            }
            assertThat(issued).isEqualTo(5);
        }
    }

    @Test
    void threadsOfTwoProcessesLoseNothing() throws Exception {
        try (TokenStore one = open();
                TokenStore other = open();
                ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> done = new ArrayList<>();
            for (int writer = 0; writer < 4; writer++) {
                int number = writer;
                UserTokenCache cache = cache(writer % 2 == 0 ? one : other);
                done.add(pool.submit(() -> {
                    for (int i = 0; i < 60; i++) {
                        byte[] token = TestTokens.token(TestTokens.identity(number), i);
                        cache.keep(number + "/" + i % 20, token, Duration.ofDays(1));
                        cache.pin(number + "/" + i % 20, true);
                    }
                    return number;
                }));
            }
            for (Future<?> future : done) {
                future.get();
            }
            assertThat(cache(one).list()).hasSize(80).allMatch(StoredToken::pinned);
            assertThat(cache(other).list()).isEqualTo(cache(one).list());
        }
    }

    private TokenStore open() throws LaunchException {
        return TokenStore.in(folder.resolve("state"));
    }

    private UserToken get(UserTokenCache cache, String label, int seed) throws LaunchException {
        return get(cache, label, seed, Terms.DEFAULT);
    }

    private UserToken get(UserTokenCache cache, String label, int seed, Terms terms) throws LaunchException {
        return cache.<RuntimeException>get(
                label, TestTokens.identity(seed), terms, identity -> TestTokens.token(identity, ++issued));
    }

    private UserTokenCache cache(TokenStore store) {
        return new UserTokenCache(store, () -> TestTokens.HERE, clock);
    }
}
