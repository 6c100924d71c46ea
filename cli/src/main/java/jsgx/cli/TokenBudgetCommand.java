package jsgx.cli;

import java.util.List;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx token budget}. */
@Command(
        name = "budget",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token budget [BYTES] [OPTION...]",
        description =
                "Show or set what all tokens may take. What is over it is evicted, never a pinned token: the one that expires"
                        + " soonest goes first, then the one unused for longest.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token budget 1MiB")
final class TokenBudgetCommand extends Subcommand {

    @Parameters(
            arity = "0..1",
            paramLabel = "BYTES",
            converter = Sizes.Bytes.class,
            description = "For example 100000, 64KiB or 1MiB; a token takes about half a KiB.")
    private @Nullable Long budget;

    TokenBudgetCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws LaunchException {
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            List<String> evicted = budget == null ? List.of() : tokens.cache().budget(budget);
            long bytes = tokens.cache().size();
            long now = tokens.cache().budget();
            if (json()) {
                print(new Json().put("budget", now).put("bytes", bytes).put("evicted", evicted));
            } else {
                Screen screen = screen();
                screen.line("%s of %s are taken".formatted(Text.size(bytes), Text.size(now))
                        + (bytes > now ? ", by pinned tokens, which no budget evicts" : ""));
                if (!evicted.isEmpty()) {
                    screen.line("evicted  " + Text.printable(String.join(", ", evicted)));
                }
            }
        }
        return ExitStatus.DONE;
    }
}
