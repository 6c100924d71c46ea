package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jsgx.host.service.HostException;
import jsgx.host.state.Restore;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx host restore}. */
@Command(
        name = "restore",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host restore FILE [--replace] [OPTION...]",
        description = {
            "Put a backup in the place of the state folder. All of it is checked first, the audit trail's chain and signatures too; until",
            "then nothing is changed. No daemon may be running on the folder. What was decided and revoked since the backup is forgotten."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx host restore jsgx.backup --replace")
final class HostRestoreCommand extends Subcommand {

    @Parameters(paramLabel = "FILE", description = "What  jsgx host backup  wrote.")
    private String file = "";

    @Option(
            names = "--replace",
            description = "Replace a folder that is not empty; it is kept beside under another name.")
    private boolean replace;

    HostRestoreCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Path state = Platforms.folder(surroundings);
        Restore.Done done;
        try {
            done = Restore.restore(EnclaveOptions.existing(file, surroundings), state, replace, surroundings.clock());
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        }
        Path before = done.before();
        if (json()) {
            print(new Json()
                    .put("state", state.toString())
                    .put("platform", done.manifest().platform())
                    .put("created", done.manifest().created().toString())
                    .put("auditEntries", done.entries())
                    .put("before", before == null ? null : before.toString()));
            return ExitStatus.DONE;
        }
        Screen screen = screen();
        screen.line("%s  %s".formatted(screen.good("restored"), Text.printable(state.toString())));
        screen.blank();
        List<Screen.Fact> facts = new ArrayList<>(List.of(
                new Screen.Fact("platform", done.manifest().platform()),
                new Screen.Fact("as of", done.manifest().created().toString()),
                new Screen.Fact("audit trail", "entries: %d, each as it was recorded".formatted(done.entries()))));
        if (before != null) {
            facts.add(new Screen.Fact("before", "what was here is kept in " + Text.printable(before.toString())));
        }
        screen.facts(facts);
        return ExitStatus.DONE;
    }
}
