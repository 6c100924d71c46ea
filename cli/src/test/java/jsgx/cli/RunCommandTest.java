package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.avaje.json.mapper.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import jsgx.cli.demo.SgxProgram.Step;
import jsgx.launch.LaunchException;
import jsgx.launch.StateFolder;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code jsgx run} from end to end: real programs, under whichever supervision is the default here. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RunCommandTest {

    private static final String SUM = "the enclave's sum: 42\n";

    @TempDir
    private Path folder;

    private Jsgx jsgx;

    @BeforeEach
    void samples() {
        jsgx = Samples.withProgramsIn(folder);
        Jsgx.Run tried = run("true");
        assumeThat(tried.status())
                .as("programs cannot be supervised here: " + tried.err())
                .isNotEqualTo(126);
    }

    static Stream<Arguments> endings() {
        return Stream.of(
                Arguments.of(0, "", List.of("true")),
                Arguments.of(1, "", List.of("false")),
                Arguments.of(3, "", List.of("sh", "-c", "exit 3")),
                Arguments.of(125, "", List.of("sh", "-c", "exit 125")),
                Arguments.of(137, "", List.of("sh", "-c", "kill -9 $$")),
                Arguments.of(143, "", List.of("sh", "-c", "kill $$")),
                Arguments.of(127, "jsgx: no-such-program: no such program", List.of("no-such-program")),
                Arguments.of(127, "No such file", List.of("./no-such-program")),
                Arguments.of(126, "cannot be executed", List.of("./enclave.bin")),
                Arguments.of(126, "cannot be executed", List.of("/")));
    }

    @ParameterizedTest
    @MethodSource("endings")
    void theExitStatusIsTheProgramsAndOfWhatWentWrongThereIsOneLine(int status, String error, List<String> command) {
        Jsgx.Run run = run(command.toArray(String[]::new));

        assertThat(run.status()).as(run.err()).isEqualTo(status);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(error);
        assertThat(run.err().lines()).hasSize(error.isEmpty() ? 0 : 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"program", "program-v5"})
    void aProgramThatExpectsSgxFindsIt(String program) throws IOException {
        Jsgx.Run run = options("--stats --json", "sh", "-c", "./" + program + " >out");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(read("out")).isEqualTo(SUM);
        Map<String, Object> summary = JsonMapper.builder().build().fromJsonObject(run.err());
        assertThat(summary)
                .containsEntry("event", "summary")
                .containsEntry("enclaves", 1L)
                .containsEntry("refused", 0L)
                .containsEntry("pagesHeld", 0L);
        assertThat(Jsgx.value(Jsgx.value(summary.get("leaves"), "EEXIT"), "count"))
                .isEqualTo(2L);
        assertThat(Jsgx.value(summary.get("tokens"), program.equals("program") ? "none" : "launch-enclave"))
                .isEqualTo(1L);
    }

    @Test
    void standardOutputAndErrorAreTheProgramsOwn() throws Exception {
        Jsgx.Run run = jsgx.process("run", "--trace=trace", "--", "sh", "-c", "./program; echo problem >&2; exit 4");

        assertThat(run.status()).as(run.err()).isEqualTo(4);
        assertThat(run.out()).isEqualTo(SUM);
        assertThat(run.err()).isEqualTo("problem\n");
        assertThat(read("trace")).contains("open /dev/sgx_enclave → ");
    }

    @Test
    void theTraceTellsWhatTheProgramDidInItsOrder() {
        Jsgx.Run run = options("--trace --trace-events open,ioctl,enclu,process", "sh", "-c", "./program >out");

        List<String> told = run.err()
                .lines()
                .map(line -> line.replaceAll("^\\S+ \\S+ +(e1)? +", "").replaceAll("0x[0-9a-f_]+", "#"))
                .filter(line -> line.matches("(open|close|ioctl|EENTER .* success|EEXIT|begins|ended).*"))
                .toList();
        assertThat(told)
                .startsWith("begins")
                .containsSubsequence(
                        "open /dev/sgx_enclave → 3",
                        "ioctl ENCLAVE_CREATE base # size 16 KiB attributes 64-bit xfrm # → 0",
                        "ioctl ENCLAVE_ADD_PAGES offset # length 4 KiB type tcs measured → 0 (1 page)",
                        "ioctl ENCLAVE_ADD_PAGES offset # length 4 KiB permissions rw- measured → 0 (1 page)",
                        "ioctl ENCLAVE_ADD_PAGES offset # length 4 KiB permissions r-x measured → 0 (1 page)",
                        "EENTER tcs # → success",
                        "EEXIT to # → success",
                        "EENTER tcs # → success",
                        "EEXIT to # → success",
                        "ended with status 0",
                        "close /dev/sgx_enclave");
        assertThat(told.stream().filter(line -> line.startsWith("ioctl ENCLAVE_INIT signer ")))
                .singleElement()
                .asString()
                .endsWith(" product 7 svn 3 → 0  no token on this interface");
    }

    @Test
    void aTraceInJsonIsADocumentALine() throws IOException {
        Jsgx.Run run = options("--json --trace=trace", "sh", "-c", "./program >out");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).isEmpty();
        List<Map<String, Object>> events = read("trace")
                .lines()
                .map(line -> JsonMapper.builder().build().fromJsonObject(line))
                .toList();
        assertThat(events)
                .allSatisfy(event -> assertThat(event).containsKeys("time", "event", "pid", "tid", "enclave"));
        assertThat(events.stream().map(event -> event.get("event")))
                .contains("open", "ioctl", "map", "enclu", "process");
    }

    @Test
    void anInitThatEinitRefusedIsExplainedAsALaunchIs() {
        Jsgx.Run run = run("./program-flipped");

        assertThat(run.status()).isEqualTo(Step.INIT.exitStatus());
        assertThat(run.err())
                .containsPattern("^jsgx: process [0-9]+, enclave e1: refused  EINIT: SGX_INVALID_MEASUREMENT \\(4\\)")
                .contains("  which check  SIGSTRUCT.ENCLAVEHASH is the enclave's MRENCLAVE", "  what to do   ");
    }

    @Test
    void whatThePolicyDeniesIsRefusedWithEaccesAndExplained() {
        jsgx.file(
                "deny.yaml",
                "version: 1\ndefault: allow\nrules:\n  - name: nobody\n    effect: deny\n    isvProdId: 7\n    reason: not today\n"
                        .getBytes(StandardCharsets.UTF_8));

        Jsgx.Run run = options("--policy deny.yaml --trace --trace-events ioctl", "./program");

        assertThat(run.status()).as(run.err()).isEqualTo(Step.INIT.exitStatus());
        assertThat(run.err())
                .containsPattern("ioctl ENCLAVE_INIT .* → EACCES  policy deny: rule \"nobody\"")
                .contains("refused  policy: POLICY_DENIED; the mainline interface returns EACCES");
    }

    @Test
    void theKernelsTokensServeAllProgramsOfARun() {
        Jsgx.Run run =
                options("--placement kernel --stats --json", "sh", "-c", "./program-v5 >out && exec ./program-v5 >out");

        assertThat(run.status()).as(run.err()).isZero();
        Object tokens = JsonMapper.builder().build().fromJsonObject(run.err()).get("tokens");
        assertThat(Jsgx.value(tokens, "launch-enclave")).isEqualTo(1L);
        assertThat(Jsgx.value(tokens, "kernel-cache")).isEqualTo(1L);
    }

    @Test
    void aLaunchOfARunIsOnRecordUnderItsWorkload() {
        options("--workload team-a", "sh", "-c", "./program >out");

        assertThat(jsgx.line("audit query --kind outcome --json").out()).contains("\"team-a\"");
        assertThat(jsgx.line("audit verify").status()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"exec ./program", "./program & ./program & wait", "(sleep 0.2; ./program) & exit 0"})
    void everyPageIsGivenBackHoweverAProgramEnds(String script) {
        Jsgx.Run run = options("--stats --json", "sh", "-c", "exec >out; " + script);

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(JsonMapper.builder().build().fromJsonObject(run.err()))
                .containsEntry("pagesHeld", 0L)
                .hasEntrySatisfying("enclaves", made -> assertThat((Long) made).isPositive());
    }

    @Test
    void theInterfacesAndTheEpcAreThoseThatTheUserSays() {
        assertThat(options("--interfaces isgx", "./program").status()).isEqualTo(Step.OPEN.exitStatus());
        assertThat(options("--interfaces isgx", "test", "-e", "/dev/isgx").status())
                .isZero();
        assertThat(options("--epc 8KiB", "./program").status())
                .isIn(Step.CREATE.exitStatus(), Step.ADD_PAGES.exitStatus());
    }

    @Test
    void theProgramReadsNothingOfTheStateFolder() throws Exception {
        Path platform = state().resolve("platform");
        Files.createSymbolicLink(folder.resolve("link"), platform);
        Files.createSymbolicLink(folder.resolve("way"), state());
        long supervisor = ProcessHandle.current().pid();

        assertThat(Files.readString(platform)).isNotEmpty();
        for (String way : List.of(
                platform.toString(),
                "link",
                "way/platform",
                "way/../" + Objects.requireNonNull(state().getFileName()) + "/platform",
                "/proc/self/root" + platform,
                "/proc/" + supervisor + "/root" + platform,
                "/proc/" + supervisor + "/mem",
                "/proc/" + supervisor + "/environ")) {
            Jsgx.Run run = run("sh", "-c", ": >out; cat \"$0\" >out 2>err", way);
            assertThat(run.status()).as(way).isNotZero();
            assertThat(read("out")).as(way).isEmpty();
        }
        assertThat(run("sh", "-c", "ls /proc/" + supervisor + "/fd/ >out 2>err").status())
                .isNotZero();
        assertThat(run("sh", "-c", "cp " + platform + " copy 2>err || ln " + platform + " copy 2>err")
                        .status())
                .isNotZero();
        assertThat(run("sh", "-c", "mv " + state() + " moved 2>err").status()).isNotZero();
        assertThat(folder.resolve("copy")).doesNotExist();
        assertThat(platform).exists();
        assertThat(run("cmp", "-s", "key.pem", "key.pem").status()).isZero();
    }

    private Path state() throws LaunchException {
        return StateFolder.path(jsgx.environment());
    }

    private String read(String file) throws IOException {
        return Files.readString(folder.resolve(file));
    }

    @Test
    void aDaemonThatIsNamedAndDoesNotAnswerIsNotDoneWithout() {
        Jsgx.Run run = jsgx.with("JSGX_RUN", "/no/such/folder").line("run -- true");

        assertThat(run.status()).isEqualTo(125);
        assertThat(run.err()).startsWith("jsgx: no daemon answers at /no/such/folder/driver.socket");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--epc 64M", "--native-le", "--audit-durability each", "--supervision fast"})
    void whatIsTheDaemonsToSayIsRefused(String option) {
        Jsgx.Run run = jsgx.with("JSGX_RUN", "/no/such/folder").line("run " + option + " -- true");

        assertThat(run.status()).isEqualTo(125);
        assertThat(run.err()).contains(option.split(" ", -1)[0]).contains("JSGX_RUN=none");
    }

    private Jsgx.Run run(String... command) {
        return options("", command);
    }

    private Jsgx.Run options(String options, String... command) {
        Stream<String> words =
                Stream.concat(Stream.of("run"), options.isEmpty() ? Stream.of() : Stream.of(options.split(" ")));
        return jsgx.run(Stream.concat(Stream.concat(words, Stream.of("--")), Stream.of(command))
                .toArray(String[]::new));
    }
}
