package jsgx.cli;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.json.Json;
import jsgx.study.workload.Workload;
import jsgx.study.workload.WorkloadException;
import jsgx.study.workload.WorkloadFile;
import jsgx.study.workload.Workloads;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx study workloads}. */
@Command(
        name = "workloads",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx study workloads [NAME] [OPTION...]",
        description = "List the workloads that come with jsgx, or print one as a file of parameters to edit.",
        footerHeading = "%nExamples:%n",
        footer = {"  jsgx study workloads", "  jsgx study workloads vm-reboots"})
final class StudyWorkloadsCommand extends Subcommand {

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "The one to print.")
    private @Nullable String name;

    StudyWorkloadsCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput {
        try {
            if (name != null) {
                String text = WorkloadFile.text(name);
                if (json()) {
                    print(new Json().put("name", name).put("file", text));
                } else {
                    surroundings.out().print(text);
                }
                return ExitStatus.DONE;
            }
            List<Json> documents = new ArrayList<>();
            List<Screen.Fact> facts = new ArrayList<>();
            for (String one : Workloads.names()) {
                Workload workload = Workloads.named(one);
                documents.add(new Json()
                        .put("name", workload.name())
                        .put("question", workload.question())
                        .put("sha256", workload.sha256()));
                facts.add(new Screen.Fact(workload.name(), workload.question()));
            }
            if (json()) {
                print(new Json().put("workloads", documents));
            } else {
                screen().facts(facts);
            }
            return ExitStatus.DONE;
        } catch (WorkloadException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
    }
}
