package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jsgx.study.run.Cells;
import jsgx.study.run.Merge;
import jsgx.study.run.StudyException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx study merge}. */
@Command(
        name = "merge",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx study merge FOLDER... --out FOLDER [OPTION...]",
        description = {
            "Put the shards of a study together: the result is that of a run of all of it in one place, to the digit, whatever the",
            "number of shards. Each cell has to be there once, and all with the same costs, parameters and version of jsgx."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx study merge shard-1 shard-2 --out result")
final class StudyMergeCommand extends Subcommand {

    @Parameters(paramLabel = "FOLDER", arity = "1..*", description = "The shards' folders, or their cells.jsonl.")
    private List<String> shards = new ArrayList<>();

    @Option(names = "--out", paramLabel = "FOLDER", required = true, description = "A folder that has no study yet.")
    private String out = "";

    StudyMergeCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        List<Path> paths = new ArrayList<>();
        for (String shard : shards) {
            paths.add(surroundings.file(shard));
        }
        Path folder = surroundings.file(out);
        try (Cells cells = Merge.merge(paths, folder)) {
            StudyOutput output = new StudyOutput(surroundings, cells);
            output.write(folder);
            if (json()) {
                print(output.json());
            } else {
                output.show(screen(), out);
            }
        } catch (StudyException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
        return ExitStatus.DONE;
    }
}
