package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx audit}: its commands. */
@Command(
        name = "audit",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit COMMAND [OPTION...]",
        description = {
            "The record of every decision: a chain of hashes in the state folder, signed at intervals, in which a change shows.",
            "docs/audit.md describes it."
        },
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx audit tail")
final class AuditCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    AuditCommand(Run run) {
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
