package jsgx.cli;

import java.io.IOException;
import jsgx.launch.json.Json;
import jsgx.study.trace.Trace;
import jsgx.study.trace.TraceFile;
import jsgx.study.workload.Workload;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jsgx study generate}. */
@Command(
        name = "generate",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx study generate WORKLOAD --out FILE [OPTION...]",
        description = {
            "Write what a workload comes to for a seed, event by event, in the open format that a study takes: to look at, to change, or",
            "to run elsewhere. docs/study.md has the format."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx study generate vm-reboots --seed 7 --scale 0.01 --out trace.jsonl")
final class StudyGenerateCommand extends Subcommand {

    @Parameters(paramLabel = "WORKLOAD", description = "A workload's name, or a file of parameters.")
    private String name = "";

    @Option(order = 1, names = "--seed", paramLabel = "S", description = "The seed; 1.")
    private long seed = 1;

    @Option(order = 2, names = "--scale", paramLabel = "X", description = "How much of it; 1.")
    private double scale = 1;

    @Option(
            order = 3,
            names = {"-o", "--out"},
            paramLabel = "FILE",
            required = true,
            description = "The file to write.")
    private String out = "";

    @Spec
    private CommandSpec spec;

    StudyGenerateCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        if (!(scale > 0)) {
            throw new ParameterException(spec.commandLine(), "--scale %s: expected more than 0".formatted(scale));
        }
        OutputFile file = new OutputFile(out, surroundings);
        Workload workload = StudyWorkloads.of(name, surroundings);
        Trace trace;
        try {
            trace = workload.trace(seed, scale);
        } catch (IllegalArgumentException e) {
            throw new BadInput("workload %s: %s".formatted(workload.name(), e.getMessage()));
        }
        file.write(content -> TraceFile.write(trace, content));
        if (json()) {
            print(new Json()
                    .put("out", out)
                    .put("workload", workload.name())
                    .put("seed", seed)
                    .put("events", trace.size())
                    .put("notes", StudyWorkloads.notes(workload)));
        } else {
            StudyWorkloads.showNotes(workload, surroundings);
            screen().line("%s  %s".formatted(Text.printable(out), Text.count(trace.size(), "event")));
        }
        return ExitStatus.DONE;
    }
}
