package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import jsgx.launch.LaunchException;
import jsgx.launch.TokenFile;
import jsgx.launch.store.Terms;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx token import}. */
@Command(
        name = "import",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token import LABEL FILE [--life LIFE] [OPTION...]",
        description =
                "Keep a token from a file under a label, in place of what is there. EINIT will say whether it is good.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token import loader enclave.token")
final class TokenImportCommand extends Subcommand {

    @Parameters(index = "0", paramLabel = "LABEL", description = "The application's name for it.")
    private String label = "";

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            description = "304 bytes, or the 1024 bytes that applications of the Intel SDK keep.")
    private String file = "";

    @Option(
            names = "--life",
            paramLabel = "LIFE",
            converter = Lives.class,
            description = "How long it is to serve, for example 30d; by default without end.")
    private Duration life = Terms.DEFAULT.life();

    TokenImportCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        TokenFile token = TokenFile.read(EnclaveOptions.existing(file, surroundings));
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            tokens.cache().keep(label, SigstructFields.bytes(token.token().memory()), life);
            tokens.show(label, this);
        }
        return ExitStatus.DONE;
    }
}
