package jsgx.cli;

import java.io.IOException;
import java.util.Map;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx console}. */
@Command(
        name = "console",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx console [OPTION...]",
        description = {
            "Print a link that logs one browser in to the daemon's console, once and for a short time: whoever has it may do all that",
            "an administrator may. It asks the daemon at $$JSGX_RUN, else in $$XDG_RUNTIME_DIR/jsgx, else in /run/jsgx."
        },
        footerHeading = "%nExit status 1 where the daemon serves no console.%n%nExamples:%n",
        footer = {"  jsgx console", "  jsgx console --json"})
final class ConsoleCommand extends Subcommand {

    ConsoleCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        Map<String, ?> link;
        try {
            link = Remote.needed(surroundings).ask("POST", "/v1/console/login", "");
        } catch (Remote.Problem e) {
            if (json()) {
                print(new Json().putAll(e.document()));
            } else {
                screen().line(screen().bad("refused") + "  " + Text.printable(String.valueOf(e.getMessage())));
            }
            return ExitStatus.REFUSED;
        }
        String url = Text.printable(String.valueOf(link.get("url")));
        String expires = Text.printable(String.valueOf(link.get("expires")));
        if (json()) {
            print(new Json().put("url", url).put("expires", expires));
        } else {
            Screen screen = screen();
            screen.line(url);
            screen.line(screen.faint("  works once, until " + expires));
        }
        return ExitStatus.DONE;
    }
}
