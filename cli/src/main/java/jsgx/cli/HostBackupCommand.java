package jsgx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jsgx.host.service.HostException;
import jsgx.host.state.Backup;
import jsgx.host.state.Manifest;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code jsgx host backup}. */
@Command(
        name = "backup",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host backup FILE [OPTION...]",
        description = {
            "Write the state folder into one file, while a daemon works on it or not. The platform's keys are in it: the file is",
            "readable by you alone, and has to be kept as the keys are."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx host backup jsgx.backup")
final class HostBackupCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "The file; there must be none yet.")
    private String file = "";

    HostBackupCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Path path = surroundings.file(file);
        Manifest manifest;
        try {
            manifest = Backup.write(Platforms.folder(surroundings), path, surroundings.clock());
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
        long bytes = manifest.files().stream().mapToLong(Manifest.Item::size).sum();
        if (json()) {
            print(new Json()
                    .put("file", path.toString())
                    .put("bytes", Files.size(path))
                    .put("platform", manifest.platform())
                    .put("created", manifest.created().toString())
                    .put(
                            "files",
                            manifest.files().stream().map(Manifest.Item::name).toList()));
            return ExitStatus.DONE;
        }
        screen().line("%s  %s  %s, %s, of platform %s"
                .formatted(
                        screen().good("written"),
                        Text.printable(file),
                        Text.count(manifest.files().size(), "file"),
                        Text.size(bytes),
                        screen().hash(manifest.platform())));
        screen().blank();
        screen().facts(List.of(
                new Screen.Fact("permissions", "0600: the platform's keys are in it, so keep it as you keep them"),
                new Screen.Fact("to restore", "jsgx host restore " + Text.printable(file))));
        return ExitStatus.DONE;
    }
}
