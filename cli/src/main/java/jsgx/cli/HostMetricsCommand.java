package jsgx.cli;

import java.io.IOException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx host metrics}. */
@Command(
        name = "metrics",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host metrics [OPTION...]",
        description =
                "Print this host's metrics, in Prometheus's text format; with --json as the text of one document.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx host metrics")
final class HostMetricsCommand extends Subcommand {

    HostMetricsCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        String metrics = Remote.needed(surroundings).text("/metrics");
        if (json()) {
            print(new Json().put("metrics", metrics));
        } else {
            surroundings.out().print(metrics);
        }
        return ExitStatus.DONE;
    }
}
