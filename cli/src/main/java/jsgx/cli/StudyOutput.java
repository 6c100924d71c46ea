package jsgx.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import jsgx.launch.json.Json;
import jsgx.study.complexity.Complexity;
import jsgx.study.report.Answer;
import jsgx.study.report.Answers;
import jsgx.study.report.CsvReport;
import jsgx.study.report.HtmlReport;
import jsgx.study.report.JsonReport;
import jsgx.study.report.Results;
import jsgx.study.report.Summary;
import jsgx.study.report.Table;
import jsgx.study.run.Cells;
import org.jspecify.annotations.Nullable;

/** What a study's cells come to, as files and on the screen. */
final class StudyOutput {

    private static final List<String> FILES = List.of("report.html", "report.json", "report.csv");

    private final Surroundings surroundings;
    private final Results results;
    private final List<Answer> answers;
    private final Map<String, Object> document;

    StudyOutput(Surroundings surroundings, Cells cells) {
        this.surroundings = surroundings;
        this.results = new Results(cells);
        List<Complexity> complexity = Complexity.all();
        this.answers = Answers.of(results, complexity);
        this.document = JsonReport.of(results, answers, complexity);
    }

    /** Writes the reports beside the cells, each whole or not at all. */
    void write(Path folder) throws BadInput, IOException {
        List<String> contents = List.of(HtmlReport.of(results, answers), json().pretty() + "\n", CsvReport.of(results));
        for (int i = 0; i < FILES.size(); i++) {
            new OutputFile(folder.resolve(FILES.get(i)).toString(), surroundings)
                    .write(contents.get(i).getBytes(StandardCharsets.UTF_8));
        }
    }

    Json json() {
        return new Json().putAll(document);
    }

    /**
     * Shows it.
     *
     * @param folder where the reports are; null where nobody asked for them
     */
    void show(Screen screen, @Nullable String folder) {
        Table table = Summary.table(results);
        List<List<String>> rows = new ArrayList<>();
        rows.add(table.columns());
        table.rows().forEach(row -> rows.add(row.stream().map(Text::printable).toList()));
        screen.line(table.caption());
        screen.blank();
        screen.rows(rows);
        screen.blank();
        screen.line("What the thread asked");
        screen.blank();
        screen.facts(answers.stream()
                .map(answer -> new Fact(
                        answer.id(),
                        Text.printable(answer.conclusions().getFirst().sentence())))
                .toList());
        screen.blank();
        screen.line(
                folder == null
                        ? "Each workload's sentences, tables and plots: the same with  --out FOLDER"
                        : "Each workload's sentences, tables and plots: "
                                + Text.printable(
                                        Path.of(folder, FILES.getFirst()).toString()));
    }
}
