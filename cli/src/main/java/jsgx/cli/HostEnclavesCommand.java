package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx host enclaves}. */
@Command(
        name = "enclaves",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host enclaves [OPTION...]",
        description =
                "Show the enclaves of this host, with the EPC pages that they have and those that were reclaimed.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx host enclaves")
final class HostEnclavesCommand extends Subcommand {

    HostEnclavesCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        Map<String, ?> document = Remote.needed(surroundings).get("/v1/enclaves");
        if (json()) {
            print(new Json().putAll(document));
            return ExitStatus.DONE;
        }
        List<Map<?, ?>> enclaves = Documents.objects(document, "items");
        Screen screen = screen();
        if (enclaves.isEmpty()) {
            screen.line("no enclave");
            return ExitStatus.DONE;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("id", "workload", "process", "interface", "MRENCLAVE", "pages", "reclaimed", "since"));
        for (Map<?, ?> enclave : enclaves) {
            rows.add(List.of(
                    Documents.string(enclave, "id"),
                    Text.printable(Documents.string(enclave, "workload")),
                    Documents.string(enclave, "pid"),
                    Documents.string(enclave, "interface"),
                    screen.hash(Documents.string(enclave, "mrenclave")),
                    Documents.string(enclave, "residentPages"),
                    Documents.string(enclave, "reclaimedPages"),
                    Documents.truth(enclave, "initialized")
                            ? Documents.string(enclave, "since")
                            : "not initialised yet"));
        }
        screen.rows(rows);
        return ExitStatus.DONE;
    }
}
