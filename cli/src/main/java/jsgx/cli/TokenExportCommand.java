package jsgx.cli;

import java.io.IOException;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.TokenFile;
import jsgx.launch.TokenFile.Format;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx token export}. */
@Command(
        name = "export",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token export LABEL -o T [--sdk] [OPTION...]",
        description = "Write a kept token into a file.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token export loader -o enclave.sdk --sdk")
final class TokenExportCommand extends Subcommand {

    @Parameters(paramLabel = "LABEL", description = "The token's label.")
    private String label = "";

    @Option(
            names = {"-o", "--out"},
            paramLabel = "T",
            required = true,
            description = "The file.")
    private String out = "";

    @Option(names = "--sdk", description = "1024 bytes, as applications of the Intel SDK keep them, not 304.")
    private boolean sdk;

    TokenExportCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        OutputFile output = new OutputFile(out, surroundings);
        Format format = sdk ? Format.SDK : Format.RAW;
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            EinitToken token = EinitToken.of(tokens.existing(label).token());
            output.write(new TokenFile(format, token).toBytes(format));
            tokens.show(label, this);
        }
        return ExitStatus.DONE;
    }
}
