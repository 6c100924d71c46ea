package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.launch.store.StoredToken;
import picocli.CommandLine.Command;

/** {@code jsgx token list}. */
@Command(
        name = "list",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx token list [OPTION...]",
        description = "List the tokens that are kept, by label, and what they take of the budget.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx token list")
final class TokenListCommand extends Subcommand {

    TokenListCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            new RemoteTokens(daemon.get()).list(this);
            return ExitStatus.DONE;
        }
        try (UserTokens tokens = UserTokens.open(surroundings)) {
            List<StoredToken> kept = tokens.cache().list();
            long bytes = kept.stream().mapToLong(StoredToken::size).sum();
            long budget = tokens.cache().budget();
            if (json()) {
                print(new Json()
                        .put("file", tokens.store().path().toString())
                        .put("bytes", bytes)
                        .put("budget", budget)
                        .put(
                                "tokens",
                                kept.stream()
                                        .map(token -> UserTokens.json(token, surroundings.clock()))
                                        .toList()));
            } else {
                show(
                        kept,
                        "%s, %s of %s, in %s"
                                .formatted(
                                        Text.count(kept.size(), "token"),
                                        Text.size(bytes),
                                        Text.size(budget),
                                        tokens.store().path()));
            }
        }
        return ExitStatus.DONE;
    }

    private void show(List<StoredToken> tokens, String sum) {
        Screen screen = screen();
        if (!tokens.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("label", "MRENCLAVE", "expires", "last used", ""));
            for (StoredToken token : tokens) {
                rows.add(List.of(
                        Text.printable(token.label()),
                        screen.hash(HexFormat.of().formatHex(token.identity().mrEnclave())),
                        UserTokens.end(token, surroundings.clock()),
                        token.lastUsed().toString(),
                        token.pinned() ? "pinned" : ""));
            }
            screen.rows(rows);
            screen.blank();
        }
        screen.line(Text.printable(sum));
    }
}
