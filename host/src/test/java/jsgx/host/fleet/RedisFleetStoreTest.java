package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.governor.Revocation;
import jsgx.launch.store.TokenOrigin;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Jedis;

/** What hosts share in a Redis server, and what else may be in it. */
@EnabledIf(value = "jsgx.host.fleet.RedisServer#isInstalled", disabledReason = "redis-server is not installed")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Execution(ExecutionMode.SAME_THREAD)
class RedisFleetStoreTest extends FleetStoreContract {

    private static final Revocation ONE = new Revocation.Signer("1".repeat(64));
    private static final TokenOrigin HERE = new TokenOrigin("ab".repeat(16), "cd".repeat(32));

    @TempDir
    static Path folder;

    private RedisServer engine;
    private RedisFleetStore store;
    private final List<AutoCloseable> open = new ArrayList<>();
    private int hosts;

    @BeforeAll
    void startEngine() throws Exception {
        engine = RedisServer.start(folder.resolve("engine"));
    }

    @AfterAll
    void stopEngine() {
        engine.close();
    }

    @BeforeEach
    void begin() throws Exception {
        raw(jedis -> jedis.flushAll());
        store = store(engine.uri(), null);
        store.begin();
    }

    @AfterEach
    void end() throws Exception {
        for (AutoCloseable each : open) {
            each.close();
        }
        open.clear();
    }

    @Override
    FleetStore store() {
        return store;
    }

    @Override
    TestHost host() throws Exception {
        TestHost host = TestHost.alone(folder.resolve("host-" + hosts++));
        open.add(host);
        return host;
    }

    private RedisFleetStore store(URI uri, @Nullable Path password) throws LaunchException {
        RedisFleetStore made = new RedisFleetStore(
                new RedisEngine(uri, password, Duration.ofSeconds(5)), "test", 10_000, InstantSource.system());
        open.add(made);
        return made;
    }

    private interface Raw {
        Object with(Jedis jedis);
    }

    private void raw(Raw work) {
        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            work.with(jedis);
        }
    }

    @Test
    void twoFleetsInOneEngineKnowNothingOfEachOther() throws Exception {
        store.revoke(List.of(ONE), "a");
        RedisFleetStore other = new RedisFleetStore(
                new RedisEngine(engine.uri(), null, Duration.ofSeconds(5)), "other", 10, InstantSource.system());
        open.add(other);
        other.begin();

        assertThat(other.revocations().entries()).isEmpty();
        assertThat(other.revision().id()).isNotEqualTo(store.revision().id());
    }

    @Test
    void aFleetOfAnotherSchemaIsRefusedAndLeftAsItIs() {
        raw(jedis -> jedis.set("jsgx:test:schema", "2"));

        assertThatThrownBy(store::revision).hasMessageContaining("schema \"2\", this jsgx knows schema 1");
        assertThatThrownBy(() -> store.revoke(List.of(ONE), "a"))
                .hasMessageContaining("schema \"2\", this jsgx knows schema 1");
        raw(jedis -> assertThat(jedis.exists("jsgx:test:revocations")).isFalse());
    }

    @Test
    void aRevisionBeyondWhatAScriptCanCountIsRefused() {
        raw(jedis -> jedis.set("jsgx:test:revision", Long.toString(1L << 52)));

        assertThatThrownBy(store::revision).hasMessageContaining("something at jsgx:test:revision");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "schema",
                "id",
                "revision",
                "policy-revision",
                "revocations",
                "policy",
                "audit",
                "audit-cursors",
                "hosts",
                "tokens:abababababababababababababababab"
            })
    void whatIsOfAnotherTypeIsRefusedInWords(String key) {
        for (String type : List.of("string", "list", "hash", "stream", "garbage")) {
            raw(jedis -> {
                jedis.del("jsgx:test:" + key);
                return switch (type) {
                    case "string" -> jedis.set("jsgx:test:" + key, "\u0000\u001b[2J");
                    case "list" -> jedis.rpush("jsgx:test:" + key, "a", "b");
                    case "hash" -> jedis.hset("jsgx:test:" + key, "\u001b[31mx", "y");
                    case "stream" ->
                        jedis.xadd(
                                "jsgx:test:" + key,
                                redis.clients.jedis.StreamEntryID.NEW_ENTRY,
                                java.util.Map.of("a", "b"));
                    default -> jedis.hset("jsgx:test:" + key, "signer " + "1".repeat(64), "99999999999999999999 soon");
                };
            });
            everything();
        }
    }

    /** Each operation works, or says in words what is wrong; what it throws is nothing else. */
    private void everything() {
        List<Attempt> all = List.of(
                () -> store.revision(),
                () -> store.revocations(),
                () -> store.revoke(List.of(ONE), "a"),
                () -> store.reinstate(ONE, 5),
                () -> store.policy(),
                () -> store.token(HERE, "x"),
                () -> store.keep(TestTokens.token("x", HERE, 1), 0),
                () -> store.purge(HERE.platform(), token -> true),
                () -> store.cursor(new FleetTrail("ab", "a", "cd")),
                () -> store.read("", 10),
                () -> store.hosts(),
                () -> store.tell(new FleetHost("ab", "a", 0, 0, 0, "ok", java.time.Instant.EPOCH)));
        for (Attempt each : all) {
            try {
                each.run();
            } catch (LaunchException e) {
                assertThat(e.getMessage()).doesNotContain("\u001b").contains("127.0.0.1");
            }
        }
    }

    private interface Attempt {
        void run() throws LaunchException;
    }

    @Test
    void garbageInEachFieldIsRefusedInWords() throws Exception {
        Random random = new Random(17);
        for (int round = 0; round < 300; round++) {
            begin();
            store.revoke(List.of(ONE), "a");
            byte[] garbage = new byte[random.nextInt(40)];
            random.nextBytes(garbage);
            raw(jedis -> {
                switch (random.nextInt(8)) {
                    case 0 -> jedis.set(key("revision"), garbage);
                    case 1 -> jedis.set(key("id"), garbage);
                    case 2 -> jedis.set(key("policy-revision"), garbage);
                    case 3 -> jedis.hset(key("revocations"), garbage, garbage);
                    case 4 -> jedis.hset(key("policy"), garbage, garbage);
                    case 5 -> jedis.hset(key("hosts"), garbage, garbage);
                    case 6 -> jedis.hset(key("tokens:" + HERE.platform()), key("x"), garbage);
                    default ->
                        jedis.hset(
                                key("audit-cursors"),
                                "ab/cd".getBytes(java.nio.charset.StandardCharsets.US_ASCII),
                                garbage);
                }
                return "";
            });
            everything();
        }
    }

    private static byte[] key(String last) {
        return ("jsgx:test:" + last).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void aTokenUnderAnothersNameIsRefused() throws Exception {
        store.keep(TestTokens.token("mine", HERE, 1), store.revision().revision());
        raw(jedis -> {
            byte[] record = jedis.hget(key("tokens:" + HERE.platform()), field("mine"));
            return jedis.hset(key("tokens:" + HERE.platform()), field("theirs"), record);
        });

        assertThatThrownBy(() -> store.token(HERE, "theirs")).hasMessageContaining("another origin or label");
    }

    private static byte[] field(String label) {
        return (HERE.leHash() + ":" + label).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void theOldestTokensMakeRoom() throws Exception {
        long revision = store.revision().revision();
        for (int i = 0; i < RedisFleetStore.TOKENS_OF_A_PLATFORM + 5; i++) {
            store.keep(TestTokens.token("t" + i, HERE, 1), revision);
        }
        assertThat(store.token(HERE, "t4")).isEmpty();
        assertThat(store.token(HERE, "t5")).isPresent();
        raw(jedis -> assertThat(jedis.hlen("jsgx:test:tokens:" + HERE.platform()))
                .isEqualTo(RedisFleetStore.TOKENS_OF_A_PLATFORM));
    }

    @Test
    void aFullEngineIsReadAndKeepsNothingHalf() throws Exception {
        try (RedisServer small = RedisServer.start(folder.resolve("small"), "--maxmemory-policy", "noeviction")) {
            RedisFleetStore full = store(small.uri(), null);
            full.begin();
            long before = full.revoke(List.of(ONE), "a");
            try (Jedis jedis = new Jedis("127.0.0.1", small.port())) {
                jedis.configSet("maxmemory", "1mb");
            }

            assertThatThrownBy(() -> full.revoke(List.of(new Revocation.Signer("2".repeat(64))), "a"))
                    .hasMessageContaining("is full, and keeps nothing new");
            assertThat(full.revision().revision()).isEqualTo(before);
            assertThat(full.revocations().entries()).hasSize(1);

            try (Jedis jedis = new Jedis("127.0.0.1", small.port())) {
                jedis.configSet("maxmemory", "0");
            }
            assertThat(full.revoke(List.of(new Revocation.Signer("2".repeat(64))), "a"))
                    .isGreaterThan(before);
        }
    }

    @Test
    void aUserOfTheEngineNeedsNoMoreThanTheDocumentSays() throws Exception {
        raw(jedis -> jedis.aclSetUser(
                "host",
                "on",
                ">secret-of-the-test",
                "~jsgx:test:*",
                "&jsgx:test:*",
                "+@read",
                "+@write",
                "+@pubsub",
                "+@connection",
                "+eval",
                "+time",
                "-@dangerous",
                "-@admin"));
        Path password = folder.resolve("password");
        Files.createFile(password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(password, "secret-of-the-test\n");
        RedisFleetStore guarded = store(URI.create("redis://host@127.0.0.1:" + engine.port()), password);
        guarded.begin();

        guarded.revoke(List.of(ONE), "a");
        guarded.keep(TestTokens.token("x", HERE, 1), guarded.revision().revision());
        guarded.purge(HERE.platform(), token -> true);
        guarded.tell(new FleetHost("ab", "a", 0, 0, 0, "ok", java.time.Instant.EPOCH));
        assertThat(guarded.hosts()).hasSize(1);
        assertThat(guarded.read("", 10)).isEmpty();
        assertThat(guarded.cursor(new FleetTrail("ab", "a", "cd"))).isEqualTo(new AuditAnchor(0, ""));
        Thread listener = Thread.ofPlatform().start(() -> {
            try {
                guarded.listen(() -> {
                    // Heard.
                });
            } catch (LaunchException e) {
                // It ends with the store.
            }
        });
        guarded.close();
        listener.join();
    }

    @Test
    void aWrongPasswordIsSaidWithoutThePassword() throws Exception {
        raw(jedis -> jedis.aclSetUser("host2", "on", ">right", "~*", "&*", "+@all"));
        Path password = folder.resolve("wrong-password");
        Files.createFile(password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(password, "wrong-guess\n");
        RedisFleetStore guarded = store(URI.create("redis://host2@127.0.0.1:" + engine.port()), password);

        assertThatThrownBy(guarded::revision)
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("refuses this host: WRONGPASS")
                .hasMessageContaining("fleet.password-file")
                .hasMessageNotContaining("wrong-guess");
    }

    @Test
    void aPasswordThatOthersCanReadIsRefused() throws Exception {
        Path password = folder.resolve("open-password");
        Files.createFile(password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--")));

        assertThatThrownBy(() -> new RedisEngine(engine.uri(), password, Duration.ofSeconds(1)))
                .hasMessageContaining("open to others")
                .hasMessageContaining("chmod 600");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://u:secret@127.0.0.1:1",
                "http://127.0.0.1:1",
                "redis:///0",
                "redis://127.0.0.1:1/x",
                "redis://127.0.0.1:1?a=b"
            })
    void anAddressThatIsNoneIsRefused(String address) {
        assertThatThrownBy(() -> new RedisEngine(URI.create(address), null, Duration.ofSeconds(1)))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("fleet.engine")
                .hasMessageNotContaining("secret");
    }

    @Test
    void whatDoesNotSpeakRedisIsSaid() throws Exception {
        try (java.net.ServerSocket server =
                new java.net.ServerSocket(0, 10, java.net.InetAddress.getLoopbackAddress())) {
            Random random = new Random(3);
            Thread.ofVirtual().start(() -> {
                while (!server.isClosed()) {
                    try (java.net.Socket socket = server.accept()) {
                        byte[] noise = new byte[1 + random.nextInt(200)];
                        random.nextBytes(noise);
                        socket.getOutputStream().write(noise);
                        socket.shutdownOutput();
                        socket.getInputStream().readAllBytes();
                    } catch (java.io.IOException e) {
                        // The other end has gone.
                    }
                }
            });
            RedisFleetStore noisy = store(URI.create("redis://127.0.0.1:" + server.getLocalPort()), null);
            for (int i = 0; i < 50; i++) {
                assertThatThrownBy(noisy::revision).isInstanceOf(LaunchException.class);
            }
        }
    }
}
