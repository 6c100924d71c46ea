package jsgx.study.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is no whole study is refused, with what is wrong, and leaves nothing. */
@Timeout(120)
class MergeTest {

    private static final Plan PLAN = Studies.plan(List.of("one", "two"), 2);

    @TempDir
    private Path folder;

    private Path first;
    private Path second;
    private Path out;

    @BeforeEach
    void shards() throws Exception {
        first = folder.resolve("first");
        second = folder.resolve("second");
        out = folder.resolve("out");
        Studies.run(PLAN, first, new Shard(1, 2), 1);
        Studies.run(PLAN, second, new Shard(2, 2), 1);
    }

    @Test
    void whatIsMissingIsNamed() {
        refused(
                List.of(second),
                "%d of %d cells are missing: 0 (one, none".formatted((PLAN.size() + 1) / 2, PLAN.size()));
    }

    @Test
    void whatIsThereTwiceIsNamed() {
        refused(
                List.of(first, second, first),
                "cell 0 (one, none, scheme none, 0 bytes, charging own, knowledge none, seed 1) is in");
        refused(List.of(first, first), "give each shard once");
    }

    @Test
    void shardsOfDifferentStudiesAreRefused() throws Exception {
        Path other = folder.resolve("other");
        Studies.run(Studies.plan(List.of("one", "two"), 2, Studies.costs(2000)), other, new Shard(2, 2), 1);
        refused(List.of(first, other), "are of different studies: other costs");
        Path version = Files.createDirectory(folder.resolve("version"));
        Files.writeString(
                version.resolve(Cells.FILE), Studies.content(second).replace("\"version\":\"1\"", "\"version\":\"2\""));
        refused(List.of(first, version), "version 1, and 2");
    }

    @Test
    void anotherTraceUnderTheSameNameIsRefused() throws Exception {
        edit(second, content -> content.replaceAll("\"enclaves\":1", "\"enclaves\":2"));
        refused(List.of(first, second), "ran another trace than cell");
    }

    @Test
    void whatToRenameIsSaidOfTwoWorkloadsWithOneName() {
        Plan.Input generated = new Plan.Input("host.jsonl", "what for", "00", false, List.of());
        Plan.Input recorded = new Plan.Input("host.jsonl", "what for", "11", true, List.of());

        assertThatThrownBy(() -> withWorkloads(generated, generated))
                .hasMessage("two workloads are named \"host.jsonl\": give one of them another name in its file");
        for (List<Plan.Input> two :
                List.of(List.of(recorded, recorded), List.of(recorded, generated), List.of(generated, recorded))) {
            assertThatThrownBy(() -> withWorkloads(two.getFirst(), two.getLast()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("two workloads are named \"host.jsonl\": rename one of the files");
        }
    }

    private static Plan withWorkloads(Plan.Input... workloads) {
        return new Plan(PLAN.version(), List.of(workloads), PLAN.designs(), PLAN.seeds(), PLAN.scale(), PLAN.costs());
    }

    @Test
    void aStudyThatIsThereIsNotWrittenOver() throws Exception {
        Merge.merge(List.of(first, second), out);
        String before = Studies.content(out);
        assertThatThrownBy(() -> Merge.merge(List.of(first, second), out))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("there is a study already");
        assertThat(Studies.content(out)).isEqualTo(before);
    }

    @Test
    void whatIsNoFileIsRefusedAndNotWaitedFor() throws Exception {
        Path fifo = Files.createDirectory(folder.resolve("fifo"));
        assertThat(new ProcessBuilder("mkfifo", fifo.resolve(Cells.FILE).toString())
                        .start()
                        .waitFor())
                .isZero();
        Path directory = folder.resolve("directory");
        Files.createDirectories(directory.resolve(Cells.FILE));
        for (Path other : List.of(fifo, directory)) {
            refused(List.of(first, other), other.resolve(Cells.FILE) + ": ");
            assertThatThrownBy(() -> Cells.in(other, PLAN))
                    .isInstanceOf(StudyException.class)
                    .hasMessageContaining("expected the file of a study's cells");
        }
    }

    @Test
    void nothingIsWrittenWhereALinkLeads() throws Exception {
        Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "");
        Files.createDirectory(out);
        Files.createSymbolicLink(out.resolve(Cells.FILE), elsewhere);
        assertThatThrownBy(() -> Cells.in(out, PLAN))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining("a symbolic link");
        Files.delete(out.resolve(Cells.FILE));
        Files.createSymbolicLink(out.resolve("." + Cells.FILE + ".tmp"), elsewhere);

        assertThatThrownBy(() -> Studies.run(PLAN, out, Shard.WHOLE, 1)).isInstanceOf(StudyException.class);

        assertThat(elsewhere).isEmptyFile();
    }

    static Stream<Arguments> damages() {
        return Stream.of(
                damage("ends within line", content -> content.substring(0, content.length() - 1)),
                damage("an empty file", content -> ""),
                damage("line 1: no JSON", content -> "cells\n"),
                damage("line 1: no JSON", content -> "\u0000" + content),
                damage("line 1: \"format\" is missing", content -> content.substring(content.indexOf('\n') + 1)),
                damage("line 1: JSON, and no object", content -> "[]\n"),
                damage("line 1: nested deeper", content -> "{\"a\":" + "[".repeat(100_000) + "\n"),
                damage("line 1: not what this version", content -> content.replaceFirst("\\{", "{\"more\":1,")),
                damage(
                        "line 1: \"recorded\" is no: expected true or false",
                        content -> content.replaceFirst("\"recorded\":false", "\"recorded\":\"no\"")),
                damage(
                        "line 1: \"notes\" is [1]: expected a list of strings",
                        content -> content.replaceFirst("\"notes\":\\[]", "\"notes\":[1]")),
                damage(
                        "line 1: no plan of a study: the spread of the step einit is 0.5",
                        content -> content.replaceFirst("\"einit\":1.25", "\"einit\":0.5")),
                damage(
                        "line 1: not what this version",
                        content -> content.replaceFirst("\"einit\":1.25", "\"none\":1.25")),
                damage("line 2: no JSON", content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":NaN")),
                damage(
                        "line 2: no JSON: a number beyond what",
                        content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":1e999")),
                damage(
                        "line 1: no plan of a study: no workloads",
                        content -> content.replaceFirst("\"designs\":\\[.*?]", "\"designs\":[]")),
                damage(
                        "line 1: no plan of a study",
                        content -> content.replaceFirst(
                                "\"designs\":\\[.*?]",
                                "\"designs\":[{\"placement\":\"kernel\",\"scheme\":\"none\",\"limitBytes\":1,\"charging\":\"shared\",\"knowledge\":\"none\"}]")),
                damage(
                        "line 1: no plan of a study",
                        content -> content.replaceFirst("\"seeds\":\\[1,2]", "\"seeds\":[1,1]")),
                damage(
                        "\"placement\" is here",
                        content -> content.replaceFirst("\"placement\":\"none\"", "\"placement\":\"here\"")),
                damage("line 2: JSON, and no object", content -> content.replaceFirst("\n\\{", "\n")),
                damage("line 2: an empty line", content -> content.replaceFirst("\n", "\n\n")),
                damage("line 2: \"cell\" is 999", content -> content.replaceFirst("\"cell\":\\d+", "\"cell\":999")),
                damage("line 2: \"cell\" is -1", content -> content.replaceFirst("\"cell\":\\d+", "\"cell\":-1")),
                damage("line 2: not what cell", content -> content.replaceFirst("\"seed\":\\d", "\"seed\":9")),
                damage(
                        "line 2: not what cell",
                        content -> content.replaceFirst("(\"cell\":\\d+,\"workload\":)\"one\"", "$1\"two\"")),
                damage("line 2: \"hits\" is 1.5", content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":1.5")),
                damage(
                        "line 2: no JSON: a whole number beyond 64 bits",
                        content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":99999999999999999999")),
                damage(
                        "line 2: cell 1 has more hits than launches",
                        content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":1001")),
                damage("line 2: no JSON", content -> content.replaceFirst("\"hits\":\\d+", "\"hits\":1,\"hits\":1")),
                damage("line 2: something stands behind", content -> content.replaceFirst("(\n\\{.*?}]})\n", "$1{}\n")),
                damage("is there twice", content -> content + content.substring(content.indexOf('\n') + 1)));
    }

    private static Arguments damage(String message, UnaryOperator<String> change) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest
    @MethodSource("damages")
    void whatAnybodyMayHaveWrittenIsRefusedWithItsLine(String message, UnaryOperator<String> change) throws Exception {
        edit(second, change);
        refused(List.of(first, second), message);
        refused(List.of(second, first), message);
    }

    @Test
    void bytesThatAreNoTextAreRefused() throws Exception {
        byte[] bytes = Studies.content(second).getBytes(StandardCharsets.UTF_8);
        bytes[bytes.length - 10] = (byte) 0xff;
        Files.write(second.resolve(Cells.FILE), bytes);
        refused(List.of(first, second), "no UTF-8");
    }

    private void edit(Path shard, UnaryOperator<String> change) throws Exception {
        String before = Studies.content(shard);
        String after = change.apply(before);
        assertThat(after).isNotEqualTo(before);
        Files.writeString(shard.resolve(Cells.FILE), after);
    }

    private void refused(List<Path> shards, String message) {
        assertThatThrownBy(() -> Merge.merge(shards, out))
                .isInstanceOf(StudyException.class)
                .hasMessageContaining(message);
        assertThat(out).doesNotExist();
    }
}
