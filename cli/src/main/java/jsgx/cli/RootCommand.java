package jsgx.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx} itself. */
@Command(
        name = "jsgx",
        sortOptions = false,
        customSynopsis = "jsgx COMMAND [OPTION...]",
        description = "SGX without SGX hardware: the processor, the Linux driver and launch control, in Java.",
        commandListHeading = "%nCommands:%n",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%nExit status: 0 done, 1 refused or not valid, 2 wrong usage or input, 3 a fault of jsgx.%n"
                + "State is kept in $$JSGX_HOME, else in $$XDG_STATE_HOME/jsgx, else in $$HOME/.local/state/jsgx.%n"
                + "%nExample:%n",
        footer = "  jsgx demo")
final class RootCommand extends Subcommand {

    @Option(
            names = {"-V", "--version"},
            description = "Show the version.")
    private boolean version;

    @Spec
    private CommandSpec spec;

    RootCommand(Run run) {
        super(run);
    }

    @Override
    int run() {
        if (!version) {
            throw new ParameterException(
                    spec.commandLine(), "which command? One of " + String.join(", ", Commands.NAMES));
        }
        if (json()) {
            print(new Json()
                    .put("version", version())
                    .put("java", Runtime.version().toString()));
        } else {
            screen().line("jsgx " + version() + " on Java " + Runtime.version());
        }
        return ExitStatus.DONE;
    }

    /** The version of this build. */
    static String version() {
        try (InputStream resource = RootCommand.class.getResourceAsStream("version.txt")) {
            return resource == null
                    ? "of unknown version"
                    : new String(resource.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
