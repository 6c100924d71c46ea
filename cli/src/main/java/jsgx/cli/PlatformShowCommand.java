package jsgx.cli;

import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx platform show}. */
@Command(
        name = "show",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx platform show [OPTION...]",
        description = "Show the platform without its secrets.",
        footerHeading = "%nExit status 1 where there is none yet.%n%nExample:%n",
        footer = "  jsgx platform show")
final class PlatformShowCommand extends Subcommand {

    PlatformShowCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws LaunchException {
        PlatformFile file = Platforms.file(surroundings);
        if (!file.exists()) {
            if (json()) {
                print(new Json().put("exists", false).put("file", file.path().toString()));
            } else {
                screen().line("no platform yet  the first launch makes one in " + file.path()
                        + ", or  jsgx platform new");
            }
            return ExitStatus.REFUSED;
        }
        Platform platform = file.load();
        if (json()) {
            print(new Json().put("exists", true).putAll(PlatformReport.json(file.path(), platform)));
        } else {
            PlatformReport.show(screen(), file.path(), platform);
        }
        return ExitStatus.DONE;
    }
}
