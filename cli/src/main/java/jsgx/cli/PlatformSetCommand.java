package jsgx.cli;

import java.io.IOException;
import java.security.SecureRandom;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx platform set}. */
@Command(
        name = "set",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx platform set OPTION...",
        description = "Change the platform, made first where there is none.",
        footerHeading = "%nExamples:%n",
        footer = {"  jsgx platform set --owner-epoch new", "  jsgx platform set --hash-msrs locked --le-hash own"})
final class PlatformSetCommand extends Subcommand {

    @Mixin
    private PlatformOptions options = new PlatformOptions();

    @Spec
    private CommandSpec spec;

    PlatformSetCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        if (options.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "nothing to set: expected one of the options");
        }
        PlatformFile file = Platforms.file(surroundings);
        SecureRandom random = new SecureRandom();
        // What does not fit together is refused before the file is held.
        Platform changed = options.apply(file.loadOrCreate(), random, surroundings);
        Platform platform = file.replace(changed);
        if (json()) {
            print(new Json().put("exists", true).putAll(PlatformReport.json(file.path(), platform)));
        } else {
            PlatformReport.show(screen(), file.path(), platform);
        }
        return ExitStatus.DONE;
    }
}
