package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx policy}: its commands. */
@Command(
        name = "policy",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx policy COMMAND [OPTION...]",
        description = {
            "Which enclaves may launch. The policy in force is policy.yaml in the state folder; where there is none, all may.",
            "docs/policy.md describes the file."
        },
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx policy check policy.yaml")
final class PolicyCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    PolicyCommand(Run run) {
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
