package jsgx.cli;

import java.io.IOException;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx fleet accept-rollback}. */
@Command(
        name = "accept-rollback",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx fleet accept-rollback [OPTION...]",
        description = {
            "Take the fleet's data for the newest although it is older than this host has seen: the engine lost some, or came back from a",
            "backup. What is revoked on this host is revoked in the fleet again; each host has to accept it, with what it has revoked. That",
            "is recorded in the audit trail."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx fleet accept-rollback")
final class FleetAcceptRollbackCommand extends Subcommand {

    FleetAcceptRollbackCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        var fleet = Remote.needed(surroundings).ask("POST", "/v1/fleet/accept-rollback", "");
        if (json()) {
            print(new Json().putAll(fleet));
        } else {
            screen().line(screen().good("accepted") + "  " + Text.printable(Documents.string(fleet, "engine")));
        }
        return ExitStatus.DONE;
    }
}
