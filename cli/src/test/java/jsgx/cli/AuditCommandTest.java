package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.json.mapper.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditCommandTest {

    private static final String LAUNCH = " --sigstruct enclave.sigstruct --interface isgx";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void launches() {
        jsgx = Samples.signedIn(folder);
        assertThat(jsgx.line("launch flipped.sgxs --workload team-b" + LAUNCH).status())
                .isEqualTo(1);
    }

    private static List<Map<String, Object>> lines(Jsgx.Run run) {
        JsonMapper mapper = JsonMapper.builder().build();
        return run.out().lines().map(mapper::fromJsonObject).toList();
    }

    private Path trail() {
        return folder.resolve("home/.local/state/jsgx/audit/records-000001");
    }

    @Test
    void tailShowsTheLastEvents() {
        Jsgx.Run run = jsgx.line("audit tail --json");
        List<Map<String, Object>> events = lines(run);

        assertThat(run.status()).isZero();
        assertThat(events).extracting(event -> event.get("verdict")).contains("launched", "refused");
        assertThat(events.getLast())
                .containsEntry("kind", "outcome")
                .containsEntry("workload", "team-b")
                .containsEntry("code", "SGX_INVALID_MEASUREMENT")
                .containsKeys("number", "hash", "id", "time", "mrenclave", "mrsigner", "revision", "tokenSource");
        assertThat(jsgx.line("audit tail -n 1").out().lines())
                .singleElement()
                .asString()
                .contains("outcome", "refused", "for team-b", "SGX_INVALID_MEASUREMENT");
        assertThat(jsgx.line("audit tail -n 0").out()).isEmpty();
    }

    @Test
    void followShowsWhatComesUntilItIsInterrupted() throws Exception {
        Jsgx.Run[] run = new Jsgx.Run[1];
        Thread tail = Thread.ofPlatform().start(() -> run[0] = jsgx.line("audit tail -n 0 --follow"));
        // The first look is over once the thread sleeps.
        while (tail.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        jsgx.line("launch enclave.sgxs --workload team-c" + LAUNCH);
        Thread.sleep(500);
        tail.interrupt();
        tail.join();
        assertThat(run[0].status()).isZero();
        assertThat(run[0].out()).contains("for team-c");
    }

    @Test
    void queriesSelect() {
        assertThat(lines(jsgx.line("audit query --workload team-b --kind outcome --json")))
                .singleElement()
                .satisfies(event -> assertThat(event).containsEntry("verdict", "refused"));
        String id = String.valueOf(lines(jsgx.line("audit query --code SGX_INVALID_MEASUREMENT --json"))
                .getFirst()
                .get("id"));
        assertThat(lines(jsgx.line("audit query --id " + id + " --json")))
                .extracting(event -> event.get("kind"))
                .containsExactly("intent", "outcome");
        assertThat(jsgx.line("audit query --since 1h").out()).isNotEmpty();
        assertThat(jsgx.line("audit query --until 2001-01-01T00:00:00Z").status())
                .as("none")
                .isEqualTo(1);
        assertThat(jsgx.line("audit query --signer "
                                + Samples.signer().mrSigner().substring(0, 10))
                        .status())
                .isZero();
    }

    @Test
    void anIntactTrailIsValidAndItsAnchorHolds() {
        String anchor = jsgx.line("audit anchor").out().strip();
        assertThat(jsgx.line("audit anchor --json").json()).containsEntry("anchor", anchor);
        jsgx.line("launch enclave.sgxs" + LAUNCH);

        Jsgx.Run run = jsgx.line("audit verify --json --anchor " + anchor);

        assertThat(run.status()).as(run.out()).isZero();
        assertThat(run.json()).containsEntry("valid", true).containsEntry("anchors", 1L);
        assertThat(jsgx.line("audit verify").out())
                .startsWith("valid  entries 1 to ")
                .contains("none given");
    }

    @Test
    void aChangeIsFound() throws Exception {
        String before = jsgx.line("audit anchor").out().strip();
        byte[] good = Files.readAllBytes(trail());
        String text = new String(good, StandardCharsets.ISO_8859_1);
        byte[] bad = good.clone();
        bad[text.indexOf("team-b")] = 'T';
        Files.write(trail(), bad);

        Jsgx.Run run = jsgx.line("audit verify");
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).startsWith("not valid  entry ").contains("expected", "found", "meaning", "what to do");
        assertThat(jsgx.line("audit verify --json").json())
                .containsEntry("valid", false)
                .containsKey("entry");
        assertThat(jsgx.line("audit tail").status())
                .as("nothing is shown as if it were so")
                .isEqualTo(2);
        assertThat(jsgx.line("launch enclave.sgxs" + LAUNCH).out())
                .as("and nothing launches that could not be recorded")
                .contains("refused  policy: POLICY_UNAVAILABLE");

        Files.write(trail(), good);
        assertThat(jsgx.line("audit verify --anchor " + before).status()).isZero();
        String wrong = before.substring(0, before.length() - 1) + (before.endsWith("0") ? "1" : "0");
        assertThat(jsgx.line("audit verify --anchor " + wrong).out()).contains("anchor's hash");
        Files.delete(trail());
        assertThat(jsgx.line("audit verify --anchor " + before).out()).contains("all was cut off");
    }

    @Test
    void anExportIsCompleteAndVerifies() throws Exception {
        assertThat(jsgx.line("audit export -o audit.jsonl").status()).isZero();
        String lines = Files.readString(folder.resolve("audit.jsonl"));

        assertThat(jsgx.line("audit export").out()).isEqualTo(lines);
        assertThat(jsgx.line("audit verify audit.jsonl").status()).isZero();
        jsgx.file("audit.jsonl", lines.replaceFirst("team-b", "team-c").getBytes(StandardCharsets.UTF_8));
        assertThat(jsgx.line("audit verify audit.jsonl").out()).contains("not valid", "line ");
        String anchor = jsgx.line("audit anchor").out().strip();
        jsgx.file("audit.jsonl", lines.substring(0, lines.indexOf('\n') + 1).getBytes(StandardCharsets.UTF_8));
        assertThat(jsgx.line("audit verify audit.jsonl --anchor " + anchor).out())
                .contains("entries were cut off at the end");
    }
}
