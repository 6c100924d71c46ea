package jsgx.cli;

import java.io.IOException;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx token pin}. */
@Command(
        name = "pin",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token pin LABEL [--off] [OPTION...]",
        description = "Keep a token whatever the budget; it still expires.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token pin loader")
final class TokenPinCommand extends Subcommand {

    @Parameters(paramLabel = "LABEL", description = "The token's label.")
    private String label = "";

    @Option(names = "--off", description = "Let the budget evict it again.")
    private boolean off;

    TokenPinCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            RemoteTokens tokens = new RemoteTokens(daemon.get());
            tokens.show(tokens.act(label, "pin", new Json().put("pinned", !off)), this);
            return ExitStatus.DONE;
        }
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            if (!tokens.cache().pin(label, !off)) {
                throw tokens.unknown(label);
            }
            tokens.show(label, this);
        }
        return ExitStatus.DONE;
    }
}
