package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx fleet}: its commands. */
@Command(
        name = "fleet",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx fleet COMMAND [OPTION...]",
        description = "Look at the hosts that share policy, revocations, tokens and audit; docs/fleet.md describes it.",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx fleet status")
final class FleetCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    FleetCommand(Run run) {
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
