package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.policy.ReloadingPolicy.Reload;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A policy whose file changes while launches are judged. */
class ReloadingPolicyTest {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2017-12-19T23:59:59Z"));

    @TempDir
    private Path folder;

    private Path file = Path.of("");

    @BeforeEach
    void file() {
        file = folder.resolve("policy.yaml");
    }

    private ReloadingPolicy start() {
        return ReloadingPolicy.of(PolicyFolder.in(folder, CLOCK), 1);
    }

    private static String text(String name, String effect) {
        return "version: 1\ndefault: deny\nrules:\n  - name: %s\n    effect: %s\n    isvSvn: 3\n"
                .formatted(name, effect);
    }

    @Test
    void aNewFileTakesThePlaceOfTheOld() throws Exception {
        Files.writeString(file, text("one", "allow"));
        ReloadingPolicy policy = start();
        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("one");
        assertThat(policy.changed()).isFalse();

        Files.writeString(file, text("twoo", "deny"));

        assertThat(policy.changed()).isTrue();
        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("one");
        assertThat(policy.reload(2)).isInstanceOf(Reload.Taken.class);
        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("twoo");
        assertThat(policy.judge(TestPolicies.subject()).revision()).isEqualTo(2);
        assertThat(policy.changed()).isFalse();
    }

    @Test
    void aBadFileKeepsTheOldAndSaysSo() throws Exception {
        Files.writeString(file, text("one", "allow"));
        ReloadingPolicy policy = start();

        Files.writeString(file, text("two", "alow"));
        Reload reload = policy.reload(2);

        assertThat(reload)
                .isInstanceOfSatisfying(
                        Reload.Kept.class, kept -> assertThat(kept.reason()).hasMessageContaining("policy.yaml:5:13"));
        assertThat(policy.judge(TestPolicies.subject())).isEqualTo(PolicyVerdict.allow("one", "policy.yaml:4", 1));
        assertThat(policy.changed()).as("the bad file was looked at").isFalse();

        Files.delete(file);
        assertThat(policy.reload(3)).isInstanceOf(Reload.Kept.class);
        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("one");
    }

    @Test
    void aBadFileAtTheStartRefusesEveryLaunch() throws Exception {
        Files.writeString(file, "version: 1\n");
        ReloadingPolicy policy = start();

        PolicyVerdict verdict = policy.judge(TestPolicies.subject());
        assertThat(verdict.effect()).isEqualTo(Effect.UNAVAILABLE);
        assertThat(verdict.where()).isEqualTo("policy.yaml:1:1");
        assertThat(verdict.reason()).contains("there is no \"default\"");
        assertThat(policy.current()).isEmpty();

        assertThat(policy.reload(2)).isInstanceOf(Reload.Kept.class);
        assertThat(policy.judge(TestPolicies.subject()).effect()).isEqualTo(Effect.UNAVAILABLE);
        Files.writeString(file, text("one", "allow"));
        assertThat(policy.reload(3)).isInstanceOf(Reload.Taken.class);
        assertThat(policy.judge(TestPolicies.subject()).effect()).isEqualTo(Effect.ALLOW);
    }

    @Test
    void withoutAFileEverythingLaunches() throws Exception {
        ReloadingPolicy policy = start();

        assertThat(policy.judge(TestPolicies.subject()).effect()).isEqualTo(Effect.ALLOW);
        assertThat(policy.reload(2)).isEqualTo(new Reload.None());
        assertThat(policy.quotas()).isEqualTo(QuotaTable.UNLIMITED);
        Files.writeString(file, text("one", "deny"));
        policy.reload(3);
        assertThat(policy.judge(TestPolicies.subject()).effect()).isEqualTo(Effect.DENY);
    }

    @Test
    void anInterruptedThreadReadsThePolicyAndStaysInterrupted() throws Exception {
        Files.writeString(file, text("one", "allow"));
        Thread.currentThread().interrupt();
        ReloadingPolicy policy = start();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("one");

        Files.writeString(file, text("two", "allow"));
        Thread.currentThread().interrupt();
        Reload reload = policy.reload(2);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(reload).isInstanceOf(Reload.Taken.class);
    }

    /** A name that is too long for the system stands for what the system cannot read now. */
    @Test
    void whatCannotBeReadNowIsNoBadFileAndIsTriedAgain() throws Exception {
        Files.writeString(file, text("one", "allow"));
        ReloadingPolicy policy = start();
        String included = "a".repeat(300);
        Files.writeString(
                file,
                "version: 1\ndefault: deny\nrules: [{name: a, effect: allow, mrenclave: {file: %s}}]\n"
                        .formatted(included));

        assertThatThrownBy(() -> policy.reload(2))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining(included + ": cannot be read: ");
        assertThat(policy.wasReadFor(2)).isFalse();
        assertThat(start().wasReadFor(1)).isFalse();
        assertThat(start().judge(TestPolicies.subject()).effect()).isEqualTo(Effect.UNAVAILABLE);

        Files.writeString(file, text("two", "allow"));
        assertThat(policy.reload(2)).isInstanceOf(Reload.Taken.class);
        assertThat(policy.wasReadFor(2)).isTrue();
    }

    /** The file is renamed over, written in place in pieces, and spoiled, while launches are judged by one of the two good ones. */
    @Test
    void everyLaunchIsJudgedByTheOldOrTheNewPolicy() throws Exception {
        List<String> good = List.of(text("one", "allow"), text("two", "warn"));
        Files.writeString(file, good.getFirst());
        ReloadingPolicy policy = start();
        AtomicBoolean over = new AtomicBoolean();
        ConcurrentSkipListSet<String> seen = new ConcurrentSkipListSet<>();
        Random random = new Random(11);
        int taken = 0;
        try (var judges = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < 2; i++) {
                judges.execute(() -> {
                    while (!over.get()) {
                        PolicyVerdict verdict = policy.judge(TestPolicies.subject());
                        seen.add(verdict.rule() + " " + verdict.effect());
                    }
                });
            }
            for (int round = 0; round < 300; round++) {
                String next = good.get(random.nextInt(good.size()));
                switch (random.nextInt(4)) {
                    case 0 -> {
                        Path temporary = Files.writeString(folder.resolve("new"), next);
                        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
                    }
                    case 1 -> Files.writeString(file, next);
                    case 2 -> Files.writeString(file, cutOff(next, random));
                    default -> Files.write(file, "version: 1\ndefault: \0".getBytes(StandardCharsets.UTF_8));
                }
                taken += policy.reload(round) instanceof Reload.Taken ? 1 : 0;
            }
            over.set(true);
        }
        assertThat(taken).isBetween(50, 250);
        assertThat(seen).containsExactly("one ALLOW", "two WARN");
    }

    /** What a writer leaves that stopped within a line. One that stops between two lines leaves what nobody can tell from a policy. */
    private static String cutOff(String text, Random random) {
        int end = 1 + random.nextInt(text.length() - 2);
        return text.charAt(end - 1) == '\n' ? text.substring(0, end - 1) : text.substring(0, end);
    }

    /** A writer that is half way through is waited for. */
    @Test
    void aFileThatIsBeingWrittenIsReadWhenItRests() throws Exception {
        Files.writeString(file, text("one", "allow"));
        PolicyFolder system = PolicyFolder.in(folder, InstantSource.system());
        String next = text("two", "allow") + "# more\n".repeat(2_000);
        try (var writer = Executors.newSingleThreadExecutor()) {
            var written = writer.submit(() -> {
                try (var out = Files.newBufferedWriter(file)) {
                    for (String line : next.lines().toList()) {
                        out.write(line + "\n");
                        if (line.startsWith("#")) {
                            out.flush();
                        }
                    }
                }
                return true;
            });
            for (int i = 0; i < 3; i++) {
                assertThat(system.load().orElseThrow().rules()).hasSize(1);
            }
            assertThat(written.get()).isTrue();
        }
        assertThat(system.load().orElseThrow().rules().getFirst().name()).isEqualTo("two");
    }
}
