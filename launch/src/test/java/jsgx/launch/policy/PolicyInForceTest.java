package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import jsgx.launch.LaunchException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Who launches after a policy was put in force neither waits for its file to rest nor parses it. Alone: a process remembers one policy. */
@Isolated
@Timeout(60)
class PolicyInForceTest {

    private static final String POLICY =
            "version: 1\ndefault: deny\nrules:\n  - {name: mine, effect: allow, workload: team-a}\n";

    @TempDir
    private Path folder;

    private Path candidate;

    @BeforeEach
    void write() throws IOException {
        candidate = Files.writeString(folder.resolve("candidate.yaml"), POLICY);
    }

    /** One for which no file ever rests, as its time stands still where the file was written. */
    private PolicyFolder restless() throws IOException {
        return PolicyFolder.in(
                folder,
                InstantSource.fixed(Files.getLastModifiedTime(folder.resolve(PolicyFolder.POLICY))
                        .toInstant()));
    }

    @Test
    void whatWasJustPutInForceIsThereAtOnceUnderItsOwnName() throws Exception {
        PolicyFolder.in(folder, InstantSource.system()).install(candidate, false);

        Policy policy = restless().load().orElseThrow();

        assertThat(policy.file()).isEqualTo(PolicyFolder.POLICY);
        assertThat(policy.ruleHeads())
                .singleElement()
                .extracting(Policy.RuleHead::where)
                .isEqualTo("policy.yaml:4");
        assertThat(policy.withRevision(7).ruleHeads()).isEqualTo(policy.ruleHeads());
    }

    @Test
    void whatSomebodyWroteSinceIsNotTakenForIt() throws Exception {
        PolicyFolder.in(folder, InstantSource.system()).install(candidate, false);
        Files.writeString(folder.resolve(PolicyFolder.POLICY), POLICY.replace("team-a", "team-b"));

        assertThatThrownBy(() -> restless().load())
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("it is being written to all the time");
    }

    @Test
    void anIncludedFileThatChangedIsReadAgain() throws Exception {
        Files.writeString(folder.resolve("list.txt"), "ab".repeat(32) + "\n");
        Files.writeString(
                candidate,
                "version: 1\ndefault: deny\nrules:\n  - {name: listed, effect: allow, mrenclave: {file: list.txt}}\n");
        PolicyFolder system = PolicyFolder.in(folder, InstantSource.system());
        assertThat(system.install(candidate, false).policy().counts().enclaves())
                .isEqualTo(1);

        Files.writeString(folder.resolve("list.txt"), "ab".repeat(32) + "\n" + "cd".repeat(32) + "\n");

        assertThat(system.load().orElseThrow().counts().enclaves()).isEqualTo(2);
    }
}
