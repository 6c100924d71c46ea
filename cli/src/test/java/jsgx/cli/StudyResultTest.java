package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The study's result in {@code docs/study}: the conclusions of a small study with the costs that lie there are what that folder says, to the word. {@code build/study}
 * makes the folder anew, by the test that is skipped otherwise.
 */
class StudyResultTest {

    private static final String RENEW = "study.renew";
    private static final String COMMAND = "build/study";

    /** The small study. */
    private static final List<String> SMALL = List.of("study", "--quick", "--seeds", "2", "--json");

    /** The study of the document: nine workloads with some thousand launches each. */
    private static final List<String> LARGE =
            List.of("study", "--scale", "0.1", "--seeds", "5", "--limit", "64KiB,256KiB,1MiB", "--json");

    private static final Path RESULT = Document.root().resolve("docs/study");
    private static final Path COSTS = RESULT.resolve("costs.json");
    private static final Path CONCLUSIONS = RESULT.resolve("conclusions-of-small.tsv");

    /** What is counted changes with each line of launch; who has more does not. */
    private static final String COUNTED = "complexity";

    /** A sentence that a study draws; about all workloads where it names none. */
    private record Conclusion(String question, String workload, String verdict, String sentence) {

        static Conclusion of(String line) {
            String[] cells = line.split("\t", -1);
            return new Conclusion(cells[0], cells[1], cells[2], cells[3]);
        }

        String line() {
            return String.join("\t", question, workload, verdict, sentence);
        }

        String where() {
            return "the sentence on " + question + (workload.isEmpty() ? "" : " of workload " + workload);
        }

        boolean says(Conclusion other) {
            return verdict.equals(other.verdict) && (question.equals(COUNTED) || sentence.equals(other.sentence));
        }
    }

    @TempDir
    private Path folder;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    @DisabledIfSystemProperty(named = RENEW, matches = ".*")
    void theConclusionsHaveNotDrifted() throws IOException {
        assumeThat(Files.exists(CONCLUSIONS))
                .as("docs/study has not been made: " + COMMAND)
                .isTrue();
        List<Conclusion> expected =
                Files.readAllLines(CONCLUSIONS).stream().map(Conclusion::of).toList();
        Map<String, Conclusion> found = byPlace(conclusions(study(SMALL).json()));

        List<String> drifted = new ArrayList<>();
        byPlace(expected).forEach((place, before) -> {
            Conclusion now = found.getOrDefault(place, new Conclusion("", "", "none", "nothing"));
            if (!now.says(before)) {
                drifted.add("%s%n  expected  %s: %s%n  found     %s: %s"
                        .formatted(place, before.verdict(), before.sentence(), now.verdict(), now.sentence()));
            }
        });
        String told = "docs/study says what the study no longer does; look at what changed, and make it anew with  "
                + COMMAND;
        assertThat(drifted).as(told).isEmpty();
        assertThat(found.keySet())
                .as(told)
                .containsExactlyElementsOf(byPlace(expected).keySet());
    }

    /** Some questions have several sentences on all workloads: one for each limit. */
    private static Map<String, Conclusion> byPlace(List<Conclusion> conclusions) {
        Map<String, Conclusion> places = new LinkedHashMap<>();
        for (Conclusion each : conclusions) {
            int number = 1;
            while (places.putIfAbsent("%s, number %d".formatted(each.where(), number), each) != null) {
                number++;
            }
        }
        return places;
    }

    @Test
    @EnabledIfSystemProperty(named = RENEW, matches = ".*", disabledReason = "it writes docs/study: " + COMMAND)
    void makesTheResultAnew() throws IOException {
        Files.createDirectories(RESULT);
        if (System.getProperty(RENEW, "").equals("costs") || !Files.exists(COSTS)) {
            Jsgx.Run calibrated = new Jsgx(folder).run("study", "calibrate", "--out", COSTS.toString());
            assertThat(calibrated.status()).as(calibrated.err()).isEqualTo(ExitStatus.DONE);
        }
        Files.write(
                CONCLUSIONS,
                conclusions(study(SMALL).json()).stream().map(Conclusion::line).toList());
        List<String> words = new ArrayList<>(LARGE);
        words.addAll(List.of("--out", folder.resolve("result").toString()));
        Object document = study(words).json();
        Files.copy(
                folder.resolve("result/report.html"),
                RESULT.resolve("report.html"),
                StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(RESULT.resolve("README.md"), page(document));
    }

    private Jsgx.Run study(List<String> words) {
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of("--costs", COSTS.toString()));
        Jsgx.Run run = new Jsgx(folder).run(all.toArray(String[]::new));
        assertThat(run.status()).as(run.err()).isEqualTo(ExitStatus.DONE);
        return run;
    }

    private static List<Conclusion> conclusions(@Nullable Object document) {
        List<Conclusion> conclusions = new ArrayList<>();
        for (Object answer : list(Jsgx.value(document, "answers"))) {
            for (Object conclusion : list(Jsgx.value(answer, "conclusions"))) {
                conclusions.add(new Conclusion(
                        text(answer, "id"),
                        text(conclusion, "workload"),
                        text(conclusion, "verdict"),
                        text(conclusion, "sentence")));
            }
        }
        return conclusions;
    }

    private static String page(@Nullable Object document) {
        StringBuilder page = new StringBuilder("""
                # What the study says

                The result of the study on the workloads that come with jsgx, made by `build/study`: do not edit it. How to read it, and what is modelled, stands in
                [study.md](../study.md). [report.html](report.html) has the tables and plots, [costs.json](costs.json) what each step cost: %s.

                The command was `jsgx %s --costs docs/study/costs.json`. A test runs a smaller one with the same costs and compares its
                conclusions, [conclusions-of-small.tsv](conclusions-of-small.tsv), word by word.

                """.formatted(
                        text(Jsgx.value(document, "costs"), "machine"),
                        LARGE.stream().filter(word -> !word.equals("--json")).collect(Collectors.joining(" "))));
        for (Object answer : list(Jsgx.value(document, "answers"))) {
            page.append("## ").append(text(answer, "question")).append("\n\n");
            list(Jsgx.value(answer, "claims"))
                    .forEach(claim -> page.append("> ").append(claim).append("\n>\n"));
            page.append('\n');
            for (Object conclusion : list(Jsgx.value(answer, "conclusions"))) {
                page.append(text(conclusion, "workload").isEmpty() ? "**" : "- ")
                        .append(text(conclusion, "sentence"))
                        .append(text(conclusion, "workload").isEmpty() ? "**\n\n" : "\n");
            }
            page.append('\n');
        }
        return page.toString().replace("\n\n\n", "\n\n").stripTrailing() + "\n";
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    private static String text(@Nullable Object object, String field) {
        return String.valueOf(Jsgx.value(object, field));
    }
}
