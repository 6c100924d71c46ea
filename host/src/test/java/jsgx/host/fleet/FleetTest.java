package jsgx.host.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Three hosts of one fleet, and what may come between them and their engine. */
@EnabledIf(value = "jsgx.host.fleet.RedisServer#isInstalled", disabledReason = "redis-server is not installed")
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FleetTest {

    @TempDir
    Path folder;

    private RedisServer engine;
    private final List<Relay> relays = new ArrayList<>();
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
        for (Relay relay : relays) {
            relay.close();
        }
        engine.close();
    }

    private List<TestHost> three(boolean goOn) throws Exception {
        for (int i = 0; i < 3; i++) {
            Relay relay = new Relay(engine.port());
            relays.add(relay);
            hosts.add(TestHost.start(
                    folder.resolve("host-" + i), TestHost.platform(), TestHost.settings(relay.uri(), null, goOn)));
        }
        for (TestHost host : hosts) {
            TestHost.until(host.name + " hears", () -> host.effect(signer(0)) == Effect.ALLOW);
        }
        return hosts;
    }

    private static Revocation.Signer signer(int number) {
        return new Revocation.Signer("%064x".formatted(number));
    }

    @Test
    void aRevocationOnAnyHostReachesAll() throws Exception {
        three(false);
        for (int i = 0; i < 3; i++) {
            Revocation.Signer signer = signer(100 + i);
            hosts.get(i).running.governor().revoker().revoke(signer);
            for (TestHost host : hosts) {
                TestHost.until(host.name + " has it", () -> host.effect(signer) == Effect.REVOKED);
            }
        }
        hosts.get(2).running.governor().revoker().reinstate(signer(100));
        for (TestHost host : hosts) {
            TestHost.until(host.name + " launches it again", () -> host.effect(signer(100)) == Effect.ALLOW);
        }
    }

    @Test
    void revocationsOfAllHostsAtOnceLoseNothing() throws Exception {
        three(false);
        List<Thread> threads = new ArrayList<>();
        List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 3; i++) {
            int base = 1000 * (i + 1);
            TestHost host = hosts.get(i);
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    for (int n = 0; n < 20; n++) {
                        host.running.governor().revoker().revoke(signer(base + n));
                    }
                } catch (LaunchException e) {
                    failures.add(e);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        for (TestHost host : hosts) {
            for (int i = 0; i < 3; i++) {
                for (int n = 0; n < 20; n++) {
                    Revocation.Signer each = signer(1000 * (i + 1) + n);
                    TestHost.until(host.name + " has " + each, () -> host.effect(each) == Effect.REVOKED);
                }
            }
        }
        TestHost.until("all tell the same revision", () -> {
            try {
                return hosts.getFirst().member().hosts().stream()
                                .mapToLong(FleetHost::revision)
                                .distinct()
                                .count()
                        == 1;
            } catch (LaunchException e) {
                return false;
            }
        });
    }

    @Test
    void anEngineThatFreezesIsNoAnswerAndHoldsNobodyUp() throws Exception {
        three(false);
        engine.freeze();
        try {
            for (TestHost host : hosts) {
                TestHost.until(host.name + " refuses", () -> host.effect(signer(7)) == Effect.UNAVAILABLE);
            }
            // The engine answers nobody now: who is judged all the same did not ask it.
            for (int i = 0; i < 1_000; i++) {
                assertThat(hosts.get(i % 3).effect(signer(i))).isEqualTo(Effect.UNAVAILABLE);
            }
            assertThatThrownBy(
                            () -> hosts.getFirst().running.governor().revoker().revoke(signer(7)))
                    .isInstanceOf(LaunchException.class)
                    .hasMessageContaining("is revoked, but");
            assertThat(hosts.getFirst().effect(signer(7))).isEqualTo(Effect.REVOKED);
        } finally {
            engine.thaw();
        }
        for (TestHost host : hosts) {
            TestHost.until(host.name + " launches again", () -> host.effect(signer(8)) == Effect.ALLOW);
        }
    }

    @Test
    void aHostThatHearsNothingRefusesAndCatchesUp() throws Exception {
        three(false);
        TestHost away = hosts.get(0);
        relays.get(0).partition(true);
        long cut = System.nanoTime();
        TestHost.until("the lease runs out", () -> away.effect(signer(1)) == Effect.UNAVAILABLE);
        assertThat(System.nanoTime() - cut)
                .as("not long after the lease of a second")
                .isLessThan(TimeUnit.SECONDS.toNanos(10));
        assertThat(away.judge(signer(1).mrSigner()).reason()).contains("lease is 1000 ms", "fleet.partition: continue");

        hosts.get(1).running.governor().revoker().revoke(signer(1));
        assertThatThrownBy(() -> away.running.governor().revoker().revoke(signer(2)))
                .hasMessageContaining("is revoked, but")
                .hasMessageContaining("told as soon as they can be");
        assertThat(away.effect(signer(2))).as("it holds here").isEqualTo(Effect.REVOKED);
        assertThat(hosts.get(1).effect(signer(2))).isEqualTo(Effect.ALLOW);
        assertThatThrownBy(() -> away.running.governor().revoker().reinstate(signer(2)))
                .hasMessageContaining("stays revoked");

        relays.get(0).partition(false);
        TestHost.until("it hears of the others'", () -> away.effect(signer(1)) == Effect.REVOKED);
        for (TestHost host : hosts) {
            TestHost.until("the others hear of its own", () -> host.effect(signer(2)) == Effect.REVOKED);
            TestHost.until("it launches", () -> host.effect(signer(3)) == Effect.ALLOW);
        }
        TestHost.until(
                "both are on record", () -> verdicts(away).containsAll(List.of("partition-refuse", "partition-over")));
    }

    @Test
    void aHostThatGoesOnSaysSoBeforeItLaunches() throws Exception {
        three(true);
        TestHost away = hosts.get(0);
        relays.get(0).blockedBack = true;
        TestHost.until(
                "the lease runs out",
                () -> !away.member().status().connected()
                        && away.member().status().partitioned());
        assertThat(away.effect(signer(1))).isEqualTo(Effect.ALLOW);
        // The trail is asynchronous.
        TestHost.until(
                "the trail says so",
                () -> verdicts(away).stream()
                        .filter(each -> each.startsWith("partition-"))
                        .reduce("", (before, last) -> last)
                        .equals("partition-continue"));

        relays.get(0).blockedBack = false;
        TestHost.until("it hears again", () -> verdicts(away).getLast().equals("partition-over"));
    }

    @Test
    void theEngineKilledAndStartedAgainLosesNothing() throws Exception {
        three(false);
        hosts.get(0).running.governor().revoker().revoke(signer(1));
        engine.kill();
        TestHost.until("refused", () -> hosts.get(1).effect(signer(9)) == Effect.UNAVAILABLE);
        assertThatThrownBy(() -> hosts.get(0).running.governor().revoker().revoke(signer(2)))
                .hasMessageContaining("is revoked, but");
        engine.startAgain();
        for (TestHost host : hosts) {
            TestHost.until("heard", () -> host.effect(signer(2)) == Effect.REVOKED);
            TestHost.until("goes on", () -> host.effect(signer(9)) == Effect.ALLOW);
            assertThat(host.effect(signer(1))).isEqualTo(Effect.REVOKED);
        }
        theStreamHasEachRecordOnce();
    }

    @Test
    void aHostThatEndsInTheMiddleOfItsWritesIsStreamedToTheEndOnce() throws Exception {
        three(false);
        var platform = hosts.get(0).running.platform();
        for (int round = 0; round < 5; round++) {
            TestHost host = hosts.get(0);
            for (int i = 0; i < 200; i++) {
                host.governance.options().audit().record(TestEvents.event("round-%d-%d".formatted(round, i)));
                if (i == 100) {
                    relays.get(0).cut();
                }
            }
            host.close();
            hosts.set(
                    0,
                    TestHost.start(
                            host.state,
                            platform,
                            TestHost.settings(relays.get(0).uri(), null, false)));
        }
        theStreamHasEachRecordOnce();
    }

    private static List<String> verdicts(TestHost host) {
        return host.trail().stream()
                .filter(AuditEntry.Event.class::isInstance)
                .map(entry -> ((AuditEntry.Event) entry).event().verdict())
                .toList();
    }

    /** The stream has each host's trail, from its first record to its last, each once and in order. */
    private void theStreamHasEachRecordOnce() throws Exception {
        for (TestHost host : hosts) {
            long last = host.trail().getLast().number();
            TestHost.until(
                    host.name + " has streamed", () -> host.member().status().auditNumber() >= last);
        }
        Map<String, List<AuditEntry>> streamed = new HashMap<>();
        String position = "";
        for (List<FleetRecord> page = read(position); !page.isEmpty(); page = read(position)) {
            page.forEach(record -> streamed.computeIfAbsent(record.host(), key -> new ArrayList<>())
                    .add(record.entry()));
            position = page.getLast().position();
        }
        for (TestHost host : hosts) {
            List<AuditEntry> there = streamed.getOrDefault(host.name, List.of());
            assertThat(host.trail()).as(host.name).startsWith(there.toArray(AuditEntry[]::new));
            assertThat(there.getFirst().number()).isEqualTo(1);
        }
    }

    private List<FleetRecord> read(String after) throws LaunchException {
        return hosts.getFirst().member().store().read(after, 1000);
    }

    @Test
    void nothingIsLeftInTheFolderButWhatIsAHosts() throws Exception {
        three(false);
        TestHost.until("kept", () -> Files.exists(hosts.getFirst().state.resolve(FleetFile.FILE_NAME)));
        assertThat(Files.getPosixFilePermissions(hosts.getFirst().state.resolve(FleetFile.FILE_NAME)))
                .hasSize(2);
    }
}
