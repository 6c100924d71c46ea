package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import jsgx.launch.json.Json;

/** The tokens of user space that a daemon keeps. */
final class RemoteTokens {

    private final Remote daemon;

    RemoteTokens(Remote daemon) {
        this.daemon = daemon;
    }

    /** Does something to the token of a label, and returns the daemon's answer. */
    Map<String, ?> act(String label, String act, Json how) throws BadInput, IOException {
        return daemon.send("POST", "/v1/tokens/" + Remote.encoded(label) + "/" + act, how);
    }

    /** Shows all tokens, on behalf of a command. */
    void list(Subcommand command) throws BadInput, IOException {
        Map<String, ?> document = daemon.get("/v1/tokens");
        List<Map<?, ?>> tokens = Documents.objects(document, "items");
        if (command.json()) {
            command.print(new Json()
                    .put("host", daemon.socket().toString())
                    .put("bytes", document.get("bytes"))
                    .put("budget", document.get("budget"))
                    .put("tokens", tokens.stream().map(RemoteTokens::json).toList()));
            return;
        }
        Screen screen = command.screen();
        if (!tokens.isEmpty()) {
            List<List<String>> rows = new ArrayList<>();
            rows.add(List.of("label", "MRENCLAVE", "expires", "last used", ""));
            for (Map<?, ?> token : tokens) {
                rows.add(List.of(
                        Text.printable(Documents.string(token, "label")),
                        screen.hash(Documents.string(token, "mrenclave")),
                        end(token),
                        Documents.string(token, "lastUsed"),
                        Documents.truth(token, "pinned") ? "pinned" : ""));
            }
            screen.rows(rows);
            screen.blank();
        }
        screen.line(Text.printable("%s, %s of %s, of the host at %s"
                .formatted(
                        Text.count(tokens.size(), "token"),
                        Text.size(Documents.number(document, "bytes")),
                        Text.size(Documents.number(document, "budget")),
                        daemon.socket())));
    }

    /** Shows a token as the daemon tells of it, on behalf of a command. */
    void show(Map<String, ?> token, Subcommand command) {
        if (command.json()) {
            command.print(json(token));
            return;
        }
        Screen screen = command.screen();
        screen.line(Text.printable(Documents.string(token, "label")) + "  kept by the host at "
                + Text.printable(daemon.socket().toString()));
        screen.blank();
        screen.facts(List.of(
                new Fact("MRENCLAVE", screen.hash(Documents.string(token, "mrenclave"))),
                new Fact("MRSIGNER", screen.hash(Documents.string(token, "mrsigner"))),
                new Fact("issued", Documents.string(token, "issuedAt")),
                new Fact("expires", end(token)),
                new Fact("pinned", Documents.truth(token, "pinned") ? "yes" : "no")));
    }

    private static Json json(Map<?, ?> token) {
        Json json = new Json();
        token.forEach((name, value) -> {
            if (!"id".equals(name)) {
                json.put(String.valueOf(name), value);
            }
        });
        return json;
    }

    private static String end(Map<?, ?> token) {
        String end = Documents.string(token, "expiresAt");
        if (end.isEmpty()) {
            return "never";
        }
        return Documents.truth(token, "expired") ? "expired " + end : end;
    }
}
