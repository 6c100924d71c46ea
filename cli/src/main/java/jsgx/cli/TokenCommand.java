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
        description = "Look at launch tokens, and keep them: in $$JSGX_HOME/tokens, from one launch to the next.",
        commandListHeading = "%nCommands:%n",
        footerHeading = "%nExamples:%n",
        footer = {
            "  jsgx token show enclave.token",
            "  jsgx token get loader enclave.sgxs --sigstruct enclave.sigstruct"
        })
final class TokenCommand extends Subcommand {

    @Spec
    private CommandSpec spec;

    TokenCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        throw new ParameterException(
                spec.commandLine(),
                "which command? One of show, verify, get, pin, expire, discard, list, budget, import, export");
    }
}
