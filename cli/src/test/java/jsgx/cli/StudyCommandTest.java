package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jsgx.study.calibration.CostsFile;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(300)
class StudyCommandTest {

    private static final String SMALL =
            "study --costs costs.json --workload one-application,vm-reboots --scale 0.002 --seeds 2 --limit 64KiB,1MiB --scheme lru,w-tinylfu";

    private static final List<String> KEYS = List.of(
            "workload",
            "placement",
            "scheme",
            "limitBytes",
            "hitRatio",
            "optimalHitRatio",
            "p50Micros",
            "p99Micros",
            "leCalls",
            "fairness");

    @TempDir
    private Path folder;

    @BeforeEach
    void costs() throws IOException {
        Map<Step, long[]> nanos = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            nanos.put(step, new long[] {1000, 2000, 9000});
        }
        Files.writeString(
                folder.resolve("costs.json"),
                new CostsFile(new Costs("no machine", nanos), Instant.EPOCH, "java", Map.of()).json());
    }

    private Jsgx.Run jsgx(String line) {
        return new Jsgx(folder).line(line);
    }

    @Test
    void aStudyPrintsEachWorkloadAndDesign() {
        Jsgx.Run run = jsgx(SMALL + " --json");

        assertThat(run.status()).as(run.err()).isZero();
        // none; 2 limits of 2 schemes and 3 rules in the kernel, 2 of user space, and all of both.
        assertThat((List<?>) run.json().get("cells"))
                .hasSize(2 * (1 + 2 * (2 * 3 + 2 + 2 * 3 * 2)))
                .allSatisfy(cell -> {
                    assertThat(((Map<?, ?>) cell).keySet().containsAll(KEYS)).isTrue();
                    double hits = number(cell, "hitRatio");
                    assertThat(hits).isBetween(0.0, number(cell, "optimalHitRatio"));
                    assertThat(number(cell, "p50Micros")).isBetween(1.0, number(cell, "p99Micros"));
                    assertThat(number(cell, "fairness")).isBetween(0.0, 1.0);
                });
    }

    private static double number(Object cell, String name) {
        return Jsgx.value(cell, name) instanceof Number number ? number.doubleValue() : Double.NaN;
    }

    @Test
    void shardsMergeToTheSameReport() throws IOException {
        assertThat(jsgx(SMALL + " --out whole --threads 1").status()).isZero();
        for (int i = 1; i <= 3; i++) {
            assertThat(jsgx(SMALL + " --shard " + i + "/3 --out shard-" + i).status())
                    .isZero();
        }

        Jsgx.Run merge = jsgx("study merge shard-3 shard-1 shard-2 --out merged");

        assertThat(merge.status()).as(merge.err()).isZero();
        assertThat(merge.out()).contains("What the thread asked", "one-application", "merged/report.html");
        for (String name : List.of("cells.jsonl", "report.html", "report.json", "report.csv")) {
            assertThat(folder.resolve("merged").resolve(name))
                    .as(name)
                    .hasSameTextualContentAs(folder.resolve("whole").resolve(name));
        }
        Jsgx.Run gap = jsgx("study merge shard-1 shard-2 --out gap");
        assertThat(gap.status()).isEqualTo(2);
        assertThat(gap.err()).contains("cells are missing: 2 (one-application, kernel");
        assertThat(folder.resolve("gap")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"INT, 130", "TERM, 143", "KILL, 137"})
    void whatHasFinishedWhenASignalComesIsKeptAndTheRestFollows(String signal, int status) throws Exception {
        Path err = folder.resolve("err");
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "jsgx.cli.Main");
        String line = "study --costs costs.json --workload mixed-day --scale 0.05 --seeds 2 --limit 64KiB"
                + " --scheme lru,lfu,sieve --charging shared --threads 1 --out ";
        List<String> study = List.of((line + "out").split(" "));
        ProcessBuilder builder = new ProcessBuilder(java.util.stream.Stream.concat(command.stream(), study.stream())
                        .toList())
                .directory(folder.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(folder.resolve("printed").toFile())
                .redirectError(err.toFile());
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        try {
            Path cells = folder.resolve("out/cells.jsonl");
            while (process.isAlive()
                    && (!Files.exists(cells) || Files.readString(cells).lines().count() < 3)) {
                Thread.sleep(20);
            }
            assertThat(new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                            .start()
                            .waitFor())
                    .isZero();
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }

        assertThat(process.exitValue()).as(Files.readString(err)).isEqualTo(status);
        if (!signal.equals("KILL")) {
            assertThat(Files.readString(err))
                    .contains("jsgx: interrupted after ", "; the same command goes on from there");
            assertThat(folder.resolve("out/report.html")).content().contains("Unfinished: ");
            assertThat(folder.resolve("out/cells.jsonl")).content().endsWith("}\n");
        }
        assertThat(jsgx(line + "out").status()).isZero();
        assertThat(jsgx(line + "whole").status()).isZero();
        for (String name : List.of("cells.jsonl", "report.html", "report.json", "report.csv")) {
            assertThat(folder.resolve("out").resolve(name))
                    .as(name)
                    .hasSameBinaryContentAs(folder.resolve("whole").resolve(name));
        }
    }

    @Test
    void whatCouldNotBeTakenOfARecordingIsTold() throws IOException {
        Jsgx recorded = Samples.signedIn(folder);
        assertThat(recorded.line("launch flipped.sgxs --sigstruct enclave.sigstruct --interface isgx")
                        .status())
                .isEqualTo(1);
        assertThat(recorded.line("audit export -o host.jsonl").status()).isZero();
        String study =
                "study --costs costs.json --workload host.jsonl --placement kernel,user --limit 64KiB --scheme lru --charging shared --seeds 1";
        String note = "whether more followed entry ";

        Jsgx.Run run = recorded.line(study + " --out out");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.err()).contains("jsgx: host.jsonl: " + note);
        assertThat(run.out())
                .doesNotContain(note)
                .containsPattern("one-application +Undecided[^.]*spread\\.\\s+It rests on a\\s+recording");
        assertThat(folder.resolve("out/report.html")).content().contains("<dd>W" + note.substring(1));
        Jsgx.Run json = recorded.line(study + " --json");
        assertThat(json.err()).isEmpty();
        assertThat(json.json().get("workloads")).asString().contains("recorded=true", note);
        Files.createDirectory(folder.resolve("b"));
        Files.copy(folder.resolve("host.jsonl"), folder.resolve("b/host.jsonl"));
        Jsgx.Run twice = recorded.line(study + " --workload b/host.jsonl");
        assertThat(twice.status()).isEqualTo(2);
        assertThat(twice.err()).contains("two workloads are named \"host.jsonl\": rename one of the files");
        Jsgx.Run generated = recorded.line("study generate host.jsonl --out trace.jsonl");
        assertThat(generated.err()).contains("jsgx: host.jsonl: " + note);
    }

    @Test
    void whatCannotBeWrittenIsSaidAndLeavesNothing() throws IOException {
        Files.writeString(folder.resolve("file"), "mine");

        for (String out : List.of("file", "file/below", "/proc/none")) {
            Jsgx.Run run = jsgx(SMALL + " --out " + out);
            assertThat(run.status()).as(out).isEqualTo(2);
            assertThat(run.err().lines())
                    .singleElement()
                    .asString()
                    .startsWith("jsgx: ")
                    .contains(out);
        }
        assertThat(folder.resolve("file")).hasContent("mine");
    }

    @Test
    void anotherStudysFolderIsNotTouched() throws IOException {
        assertThat(jsgx(SMALL + " --out out").status()).isZero();
        String before = Files.readString(folder.resolve("out/cells.jsonl"));

        Jsgx.Run other = jsgx(SMALL.replace("--seeds 2", "--seeds 3") + " --out out");

        assertThat(other.status()).isEqualTo(2);
        assertThat(Files.readString(folder.resolve("out/cells.jsonl"))).isEqualTo(before);
    }

    @Test
    void aWorkloadsFileAndTraceCanBeEditedAndRun() throws IOException {
        Jsgx.Run list = jsgx("study workloads");
        assertThat(list.out()).contains("vm-reboots").contains("attacker");
        Files.writeString(
                folder.resolve("mine.yaml"), jsgx("study workloads vm-reboots").out(), StandardCharsets.UTF_8);
        assertThat(jsgx("study generate mine.yaml --seed 3 --scale 0.002 --out trace.jsonl")
                        .status())
                .isZero();

        Jsgx.Run run = jsgx(
                "study --costs costs.json --workload trace.jsonl --placement kernel --limit 1MiB --scheme lru --charging shared --seeds 2");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.out()).contains("vm-reboots");
    }
}
