package jsgx.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx token}: its commands. */
@Command(
        name = "token",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token COMMAND [OPTION...]",
        description = "Look at a launch token.",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token show enclave.token")
final class TokenCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    TokenCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        throw new ParameterException(spec.commandLine(), "which command? One of show, verify");
    }
}
