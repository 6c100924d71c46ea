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
import picocli.CommandLine.Option;

/** {@code jsgx platform new}. */
@Command(
        name = "new",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx platform new [--force] [OPTION...]",
        description = "Make a new platform: new fuses, owner epoch and launch enclave key.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx platform new --force --features sgx1-flc --epc 93.5MiB")
final class PlatformNewCommand extends Subcommand {

    @Option(
            names = "--force",
            description = "Replace the platform that is there: its tokens and sealed data end with it.")
    private boolean force;

    @Mixin
    private PlatformOptions options = new PlatformOptions();

    PlatformNewCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, IOException {
        PlatformFile file = Platforms.file(surroundings);
        if (file.exists() && !force) {
            throw new BadInput(
                    file.path() + ": there is a platform already; its tokens and sealed data would end with it:"
                            + " to replace it add --force");
        }
        SecureRandom random = new SecureRandom();
        Platform platform = file.replace(options.apply(Platform.create(random), random, surroundings));
        if (json()) {
            print(new Json().put("exists", true).putAll(PlatformReport.json(file.path(), platform)));
        } else {
            Screen screen = screen();
            screen.line(screen.good("a new platform"));
            screen.blank();
            PlatformReport.show(screen, file.path(), platform);
        }
        return ExitStatus.DONE;
    }
}
