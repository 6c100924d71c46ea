package jsgx.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import jsgx.machine.event.SgxEvent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ordinary programs run as they do unsupervised, whatever they do with processes, threads and signals. */
@ParameterizedClass
@EnumSource(Way.class)
final class MachineTest {

    private final TestRun run;

    MachineTest(Way way) {
        run = new TestRun(way);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 255})
    void theExitStatusIsTheProgramsOwn(int status) throws MachineException {
        assertThat(run.shell("exit " + status).status()).isEqualTo(status);
    }

    @ParameterizedTest
    @CsvSource({"TERM,143", "KILL,137", "SEGV,139", "ILL,132", "USR1,138"})
    void aProgramThatASignalKilledHas128AndTheSignal(String signal, int status) throws MachineException {
        assertThat(run.shell("kill -" + signal + " $$; sleep 5").status()).isEqualTo(status);
    }

    @Test
    void aProgramThatIsNotThereIs127() {
        assertThatExceptionOfType(MachineException.class)
                .isThrownBy(() -> run.run("jsgx-no-such-program"))
                .withMessage("jsgx-no-such-program: no such program in PATH")
                .satisfies(e -> assertThat(e.kind().exitStatus()).isEqualTo(127));
        assertThatExceptionOfType(MachineException.class)
                .isThrownBy(() -> run.run("/no/such/program"))
                .withMessage("/no/such/program cannot be executed: No such file or directory")
                .satisfies(e -> assertThat(e.kind().exitStatus()).isEqualTo(127));
    }

    @Test
    void aFileThatIsNoProgramIs126(@TempDir Path folder) throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatExceptionOfType(MachineException.class)
                .isThrownBy(() -> run.run(file.toString()))
                .withMessage(file + " cannot be executed: Permission denied")
                .satisfies(e -> assertThat(e.kind().exitStatus()).isEqualTo(126));
    }

    @Test
    void aScriptWithoutInterpreterIsTheShells(@TempDir Path folder) throws IOException, MachineException {
        Path script = folder.resolve("script");
        ExecutableFile.write(script, "echo \"$0 $1\"\nexit 7\n".getBytes(StandardCharsets.US_ASCII));
        TestRun.Ended ended = run.run(script.toString(), "word");
        assertThat(ended.output()).isEqualTo(script + " word\n");
        assertThat(ended.status()).isEqualTo(7);
    }

    @Test
    void argumentsEnvironmentAndDirectoryAreTheProgramsOwn(@TempDir Path folder) throws MachineException {
        TestRun.Ended ended = run.variable("WORD", "a b")
                .with(options -> options.withDirectory(folder))
                .run("sh", "-c", "echo \"$0|$1|$WORD|$(pwd -P)\"", "", "two words");
        assertThat(ended.output()).isEqualTo("|two words|a b|" + real(folder) + "\n");
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void noDescriptorOfOursLeaksAndNoSignalIsBlocked() throws MachineException {
        TestRun.Ended ended = run.shell("ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status");
        // ls has the folder itself open, signals 32 and 33 belong to the C library, and who starts the tests in the
        // background may ignore the first three.
        assertThat(ended.output())
                .startsWith("0\n1\n2\n3\n")
                .doesNotContain("4\n")
                .contains("SigBlk:\t0000000000000000\n")
                .containsPattern("SigIgn:\t0000000(18|08|00)000000[0-7]\n");
    }

    @Test
    void pipelinesAndSubstitutions() throws MachineException {
        TestRun.Ended ended = run.shell("seq 1 1000 | sort -rn | head -n 3 | tr '\\n' ' '; echo $(echo a; (echo b))");
        assertThat(ended.output()).isEqualTo("1000 999 998 a b\n");
    }

    @Test
    void manyProcessesAtOnce() throws MachineException {
        TestRun.Ended ended = run.shell("for i in 1 2 3 4 5 6 7 8 9 10 11 12; do (exit $i) & done; wait; echo done");
        assertThat(ended.output()).isEqualTo("done\n");
        assertThat(ended.events(SgxEvent.Process.class)).hasSizeGreaterThanOrEqualTo(12);
    }

    @Test
    void aChainOfExecs() throws MachineException {
        assertThat(run.shell("exec sh -c 'exec sh -c \"exec env X=1 sh -c \\\"exit 9\\\"\"'")
                        .status())
                .isEqualTo(9);
    }

    @Test
    void aProgramIsLookedForAgainAfterAnExecThatFailed() throws MachineException {
        assertThat(run.variable("PATH", "/no/such/folder:/usr/bin:/bin")
                        .run("env", "true")
                        .status())
                .isZero();
    }

    @Test
    void trapsOfTheShellAreCalled() throws MachineException {
        TestRun.Ended ended =
                run.shell("trap 'echo usr1' USR1; trap 'echo chld' CHLD; kill -USR1 $$; /bin/true; echo end");
        assertThat(ended.output()).contains("usr1\n").contains("chld\n").endsWith("end\n");
    }

    @Test
    void aStoppedProgramGoesOn() throws MachineException {
        TestRun.Ended ended = run.shell("""
                sh -c 'kill -STOP $$; exit 5' & child=$!
                while ! grep -q '^State:.[Tt]' /proc/$child/status; do sleep 0.01; done
                sleep 0.1
                grep -q '^State:.[Tt]' /proc/$child/status && echo stopped
                kill -CONT $child
                wait $child
                echo $?
                """);
        assertThat(ended.output()).isEqualTo("stopped\n5\n");
    }

    @Test
    void aStoppedProgramIsKilled() throws MachineException {
        TestRun.Ended ended = run.shell("""
                sleep 100 & child=$!
                kill -STOP $child
                while ! grep -q '^State:.[Tt]' /proc/$child/status; do sleep 0.01; done
                kill -KILL $child
                wait $child
                echo $?
                """);
        assertThat(ended.output()).isEqualTo("137\n");
    }

    @Test
    void aTimeoutEndsAProgram() throws MachineException {
        assertThat(run.run("timeout", "0.2", "sleep", "100").status()).isEqualTo(124);
    }

    @Test
    void aRunLastsAsLongAsItsLastProcess() throws MachineException {
        TestRun.Ended ended = run.shell("(sleep 0.3; echo late) & exit 4");
        assertThat(ended.status()).isEqualTo(4);
        assertThat(ended.output()).isEqualTo("late\n");
    }

    @Test
    void theClockOfOurVdsoIsTheKernels() throws MachineException {
        TestRun.Ended ended = run.shell("date +%s");
        long seconds = Long.parseLong(ended.output().strip());
        assertThat(Math.abs(System.currentTimeMillis() / 1000 - seconds)).isLessThan(5);
    }

    @Test
    void anInterruptedRunKillsItsPrograms() throws IOException {
        String mark = "mark-" + UUID.randomUUID();
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> run.variable("JSGX_TEST", mark)
                        .deadline(Duration.ofSeconds(3))
                        .shell("sleep 1000 & sleep 1000"))
                .withMessageEndingWith("did not end within PT3S");
        assertThat(marked(mark)).isEmpty();
    }

    /** The living processes with this in their environment. */
    private static List<String> marked(String mark) throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> environment(process).contains(mark))
                    .map(Path::toString)
                    .toList();
        }
    }

    private static String environment(Path process) {
        try {
            return Files.readString(process.resolve("environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
