package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jsgx.arch.struct.SgxError;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.Revocation;
import jsgx.launch.policy.PolicySignature;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.store.Terms;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/** What of a fleet is in force on its hosts. */
@EnabledIf(value = "jsgx.host.fleet.RedisServer#isInstalled", disabledReason = "redis-server is not installed")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FleetRulesTest {

    private static final Revocation.Signer ONE = signer(1);

    @TempDir
    Path folder;

    private RedisServer engine;
    private final List<TestHost> hosts = new ArrayList<>();

    @BeforeEach
    void start() throws Exception {
        engine = RedisServer.start(folder.resolve("engine"));
    }

    @AfterEach
    void stop() throws Exception {
        for (TestHost host : hosts) {
            host.close();
        }
        engine.close();
    }

    private static Revocation.Signer signer(int number) {
        return new Revocation.Signer("%064x".formatted(number));
    }

    private TestHost host(String name) throws Exception {
        return host(name, TestHost.platform());
    }

    private TestHost host(String name, Platform platform) throws Exception {
        TestHost host = TestHost.start(folder.resolve(name), platform, TestHost.settings(engine.uri(), null, false));
        hosts.add(host);
        return host;
    }

    private TestHost hearing(TestHost host) throws Exception {
        TestHost.until(host.name + " hears", () -> host.effect(signer(99)) != Effect.UNAVAILABLE);
        return host;
    }

    private void end(TestHost host) throws Exception {
        hosts.remove(host);
        host.close();
    }

    private static void revoke(TestHost host, Revocation what) throws LaunchException {
        host.running.governor().revoker().revoke(what);
    }

    @Test
    void aHostThatJoinsGetsWhatIsRevokedAndBringsWhatIt() throws Exception {
        TestHost first = hearing(host("first"));
        revoke(first, ONE);
        TestHost alone = TestHost.alone(folder.resolve("second"));
        Platform platform = alone.running.platform();
        revoke(alone, signer(2));
        alone.close();

        TestHost second = host("second", platform);

        TestHost.until("it has the fleet's", () -> second.effect(ONE) == Effect.REVOKED);
        TestHost.until("the fleet has its own", () -> first.effect(signer(2)) == Effect.REVOKED);
    }

    @Test
    void whatWasReinstatedWhileAHostWasAwayIsReinstatedThere() throws Exception {
        TestHost first = hearing(host("first"));
        TestHost second = hearing(host("second"));
        revoke(first, ONE);
        TestHost.until("it has it", () -> second.effect(ONE) == Effect.REVOKED);
        TestHost.until("and has kept that", () -> kept(second).contains("signer"));
        Platform platform = second.running.platform();
        end(second);
        first.running.governor().revoker().reinstate(ONE);

        TestHost again = host("second", platform);

        TestHost.until("reinstated", () -> again.effect(ONE) == Effect.ALLOW);
        assertThat(first.effect(ONE)).isEqualTo(Effect.ALLOW);
    }

    @Test
    void whatOneHostsListLostStaysRevoked() throws Exception {
        TestHost first = hearing(host("first"));
        revoke(first, ONE);
        TestHost.until("kept", () -> kept(first).contains("signer"));
        Platform platform = first.running.platform();
        end(first);
        // A list that is brought back from before, and accepted; or all of it is gone.
        Files.delete(first.state.resolve("revocations"));
        Files.delete(first.state.resolve("revision"));

        TestHost again = host("first", platform);

        TestHost.until("it is back", () -> again.effect(ONE) == Effect.REVOKED);
        assertThat(again.member().store().revocations().entries()).hasSize(1);
    }

    private static String kept(TestHost host) {
        try {
            Path file = host.state.resolve(FleetFile.FILE_NAME);
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anEngineThatLostItsDataIsRefusedUntilItIsAcceptedAndLosesNothing() throws Exception {
        TestHost first = hearing(host("first"));
        TestHost second = hearing(host("second"));
        revoke(first, ONE);
        TestHost.until("both have it", () -> second.effect(ONE) == Effect.REVOKED);
        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            jedis.flushAll();
        }
        for (TestHost host : hosts) {
            TestHost.until("refused", () -> host.effect(signer(99)) == Effect.UNAVAILABLE);
            TestHost.until(
                    "says why", () -> host.judge(signer(99).mrSigner()).reason().contains("its data is gone"));
        }
        first.member().acceptRollback("uid:4711");
        TestHost.until("it goes on", () -> first.effect(signer(99)) == Effect.ALLOW);
        assertThat(first.effect(ONE)).isEqualTo(Effect.REVOKED);
        TestHost.until(
                "the other one asks too",
                () -> second.judge(signer(99).mrSigner()).reason().contains("began anew"));

        second.member().acceptRollback("uid:4711");
        TestHost.until("it goes on", () -> second.effect(signer(99)) == Effect.ALLOW);
        assertThat(second.effect(ONE)).isEqualTo(Effect.REVOKED);
        TestHost.until("the fleet has it again", () -> {
            try {
                return second.member().store().revocations().entries().size() == 1;
            } catch (LaunchException e) {
                return false;
            }
        });
        assertThat(verdicts(first)).contains("accept-rollback");
    }

    @Test
    void anEngineBroughtBackFromABackupIsRefusedUntilItIsAcceptedByEachHost() throws Exception {
        TestHost first = hearing(host("first"));
        revoke(first, ONE);
        byte[] dump;
        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            dump = jedis.get("jsgx:test:revision").getBytes(StandardCharsets.US_ASCII);
        }
        revoke(first, signer(2));
        TestHost.until("in force", () -> first.member().status().revision() == 2);
        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            jedis.set("jsgx:test:revision".getBytes(StandardCharsets.US_ASCII), dump);
            jedis.hdel("jsgx:test:revocations", signer(2).toString());
        }
        TestHost.until(
                "refused",
                () -> first.judge(signer(99).mrSigner())
                        .reason()
                        .contains("older data than this host has seen: expected revision 2 or later, found 1"));

        String before = first.member().store().revision().id();
        first.member().acceptRollback("uid:4711");
        TestHost.until("it goes on", () -> first.effect(signer(99)) == Effect.ALLOW);
        assertThat(first.effect(signer(2))).isEqualTo(Effect.REVOKED);
        assertThat(first.member().store().revision().id())
                .as("every other host has to accept it too")
                .isNotEqualTo(before);
    }

    @Test
    void aPolicyThatIsInstalledOnOneHostIsInForceOnAll() throws Exception {
        TestHost first = hearing(host("first"));
        TestHost second = hearing(host("second"));
        first.governance.installer().install(policy("p.yaml", 3, "deny", "include.yaml"), false);

        TestHost.until("in force", () -> second.effect(ONE) == Effect.DENY);
        assertThat(first.effect(ONE)).isEqualTo(Effect.DENY);
        TestHost third = host("third");
        TestHost.until("with who joins too", () -> third.effect(ONE) == Effect.DENY);

        assertThatThrownBy(() -> second.governance.installer().install(policy("q.yaml", 2, "allow", ""), false))
                .hasMessageContaining("3 or more");
        second.governance.installer().install(policy("q.yaml", 2, "allow", ""), true);
        for (TestHost host : hosts) {
            TestHost.until("rolled back", () -> host.effect(ONE) == Effect.ALLOW);
        }
    }

    @Test
    void theFleetRefusesAnEarlierPolicyThatAHostWouldTake() throws Exception {
        TestHost first = hearing(host("first"));
        first.governance.installer().install(policy("p.yaml", 7, "allow", ""), false);
        TestHost second = TestHost.start(
                folder.resolve("second"), TestHost.platform(), TestHost.settings(engine.uri(), null, false));
        hosts.add(second);
        // It has not heard yet, or has: it may not go back in either case.
        assertThatThrownBy(() -> second.governance.installer().install(policy("q.yaml", 6, "deny", ""), false))
                .hasMessageContaining("--accept-rollback");
        assertThat(first.member().store().policy().orElseThrow().sequence()).isEqualTo(7);
    }

    @Test
    void aPolicyThatAPinnedKeyDidNotSignIsNotInForceAndTheHostLaunchesNothing() throws Exception {
        KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        Path pinned = folder.resolve("pinned");
        PrivateFile.ensureFolder(pinned);
        Files.writeString(
                pinned.resolve("policy.pub"),
                "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
                        .formatted(Base64.getEncoder()
                                .encodeToString(pair.getPublic().getEncoded())));
        byte[] signed = PolicySignature.sign(
                "version: 1\nsequence: 1\ndefault: allow\n".getBytes(StandardCharsets.UTF_8), pair.getPrivate());
        Files.write(pinned.resolve("policy.yaml"), signed);
        TestHost open = hearing(host("open"));
        open.governance.installer().install(policy("p.yaml", 5, "allow", ""), false);

        TestHost host = host("pinned");

        TestHost.until(
                "it says why", () -> host.judge(signer(99).mrSigner()).reason().contains("cannot be in force here"));
        assertThat(host.judge(signer(99).mrSigner()).reason()).contains("not signed");

        Path good = folder.resolve("good.yaml");
        Files.write(
                good,
                PolicySignature.sign(
                        "version: 1\nsequence: 6\ndefault: deny\n".getBytes(StandardCharsets.UTF_8),
                        pair.getPrivate()));
        open.governance.installer().install(good, false);
        TestHost.until("signed, it is in force", () -> host.effect(ONE) == Effect.DENY);
    }

    private Path policy(String name, long sequence, String effect, String include) throws Exception {
        Path file = folder.resolve(name);
        if (!include.isEmpty()) {
            Files.writeString(folder.resolve(include), "%064x\n".formatted(7));
        }
        Files.writeString(
                file,
                "version: 1\nsequence: %d\ndefault: %s\n%s"
                        .formatted(
                                sequence,
                                effect,
                                include.isEmpty()
                                        ? ""
                                        : "rules: [{name: listed, effect: allow, mrenclave: {file: %s}}]\n"
                                                .formatted(include)));
        return file;
    }

    @Test
    void aMachineThatComesBackFindsTheTokensOfTheHostItIsOn() throws Exception {
        TestHost first = hearing(host("first"));
        TestHost second = hearing(host("second"));
        TokenIdentity identity = TestTokens.identity(5);
        List<String> issued = new ArrayList<>();
        // The machine's own disk goes with it; the hosts it is on change.
        try (TokenStore disk = TokenStore.in(folder.resolve("machine"))) {
            assertThat(launch(disk, first, 1, identity, issued).source()).isEqualTo(UserToken.Source.ISSUED);
            assertThat(launch(disk, second, 2, identity, issued).source()).isEqualTo(UserToken.Source.ISSUED);
            assertThat(issued).containsExactly("first", "second");

            assertThat(launch(disk, first, 1, identity, issued).source()).isEqualTo(UserToken.Source.STORE);
            assertThat(launch(disk, second, 2, identity, issued).source()).isEqualTo(UserToken.Source.STORE);
            assertThat(issued).as("nobody was asked again").hasSize(2);

            revoke(second, new Revocation.Enclave(java.util.HexFormat.of().formatHex(identity.mrEnclave())));
            TestHost.until("purged on the first too", () -> {
                try {
                    return first.member().store().token(origin(first), "loader").isEmpty();
                } catch (LaunchException e) {
                    return false;
                }
            });
        }
    }

    /** The token that a launch ended with, on a host whose EINIT takes tokens of its own platform. */
    private static UserToken launch(
            TokenStore disk, TestHost host, int platform, TokenIdentity identity, List<String> issued)
            throws Exception {
        UserTokenCache cache = new UserTokenCache(
                disk,
                () -> origin(host),
                InstantSource.system(),
                host.member().tokens().orElseThrow());
        byte[] good = TestTokens.bytes(identity, platform);
        UserTokenCache.Attempted launched = cache.launch(
                "loader",
                identity,
                Terms.DEFAULT,
                asked -> {
                    issued.add(host.name);
                    return good;
                },
                token -> Arrays.equals(token, good) ? 0 : SgxError.INVALID_EINITTOKEN.code());
        assertThat(launched.result()).isZero();
        return launched.token();
    }

    private static TokenOrigin origin(TestHost host) {
        return new TokenOrigin(
                host.running.platform().id(), host.running.platform().leMrSigner());
    }

    @Test
    void aFullEngineStopsNoLaunchAndSaysSo() throws Exception {
        TestHost host = hearing(host("first"));
        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            jedis.configSet("maxmemory", "1mb");
        }
        assertThatThrownBy(() -> revoke(host, ONE))
                .hasMessageContaining("is revoked, but")
                .hasMessageContaining("is full");
        assertThat(host.effect(ONE)).isEqualTo(Effect.REVOKED);
        TimeUnit.MILLISECONDS.sleep(1500);
        TestHost.until("it is read all the same", () -> host.effect(signer(99)) == Effect.ALLOW);
        assertThat(host.member().status().trouble()).contains("is full");

        try (Jedis jedis = new Jedis("127.0.0.1", engine.port())) {
            jedis.configSet("maxmemory", "0");
        }
        TestHost.until("then the fleet hears", () -> {
            try {
                return host.member().store().revocations().entries().size() == 1;
            } catch (LaunchException e) {
                return false;
            }
        });
        TestHost.until("and all is well", () -> host.member().status().trouble().isEmpty());
    }

    @Test
    void twoHostsOfOnePlatformAreToldApartByTheirTrails() throws Exception {
        Platform platform = TestHost.platform();
        TestHost first = hearing(host("first", platform));
        TestHost copy = hearing(host("copy", platform));
        TestHost.until(
                "both stream",
                () -> first.member().status().auditNumber() > 0
                        && copy.member().status().auditNumber() > 0);
    }

    @Test
    void aTrailThatWasBroughtBackFromABackupIsNotStreamed() throws Exception {
        TestHost first = hearing(host("first"));
        Platform platform = first.running.platform();
        for (int i = 0; i < 20; i++) {
            first.governance.options().audit().record(TestEvents.event("before-" + i));
        }
        TestHost.until("streamed", () -> first.member().status().auditNumber() >= 20);
        end(first);
        Path audit = first.state.resolve("audit");
        byte[] backup = Files.readAllBytes(audit.resolve("records-000001"));
        TestHost more = hearing(host("first", platform));
        more.governance.options().audit().record(TestEvents.event("after"));
        long at = more.trail().size();
        TestHost.until("streamed", () -> more.member().status().auditNumber() >= at);
        end(more);
        Files.write(audit.resolve("records-000001"), backup);

        TestHost older = hearing(host("first", platform));
        for (int i = 0; i < 50; i++) {
            older.governance.options().audit().record(TestEvents.event("another-" + i));
        }
        TestHost.until(
                "it says so", () -> older.member().status().trouble().contains("an older trail was put in its place"));
        assertThat(older.effect(signer(99))).as("launches go on").isEqualTo(Effect.ALLOW);
    }

    private static List<String> verdicts(TestHost host) {
        return host.trail().stream()
                .filter(AuditEntry.Event.class::isInstance)
                .map(entry -> ((AuditEntry.Event) entry).event().verdict())
                .toList();
    }
}
