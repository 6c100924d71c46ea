package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx token discard}. */
@Command(
        name = "discard",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token discard LABEL... [OPTION...]",
        description = "Forget tokens, pinned ones too: the next launch asks for new ones.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token discard loader")
final class TokenDiscardCommand extends Subcommand {

    @Parameters(arity = "1..*", paramLabel = "LABEL", description = "The tokens' labels.")
    private List<String> labels = new ArrayList<>();

    TokenDiscardCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            RemoteTokens tokens = new RemoteTokens(daemon.get());
            for (String label : labels) {
                tokens.act(label, "discard", new Json());
            }
        } else {
            here();
        }
        if (json()) {
            print(new Json().put("discarded", labels));
        } else {
            screen().line("discarded  " + Text.printable(String.join(", ", labels)));
        }
        return ExitStatus.DONE;
    }

    private void here() throws BadInput, LaunchException {
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            for (String label : labels) {
                tokens.existing(label);
            }
            for (String label : labels) {
                tokens.cache().discard(label);
            }
        }
    }
}
