package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx host}: its commands. */
@Command(
        name = "host",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host COMMAND [OPTION...]",
        description = {
            "See and change what the daemon of this host does; put its state folder into a file, and bring it back.",
            "docs/serve.md describes it."
        },
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx host backup jsgx.backup")
final class HostCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    HostCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        throw new ParameterException(
                spec.commandLine(),
                "which command? One of "
                        + String.join(", ", spec.commandLine().getSubcommands().keySet()));
    }
}
