package jsgx.cli;

import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx audit anchor}. */
@Command(
        name = "anchor",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit anchor [OPTION...]",
        description = {
            "Print how far the audit trail goes: the number of its last entry and its hash. Keep it where whoever can write",
            "this machine's disk cannot: with it,  jsgx audit verify --anchor  finds a cut, and a trail written anew."
        },
        footerHeading = "%nExample:%n",
        footer = "  jsgx audit anchor")
final class AuditAnchorCommand extends Subcommand {

    AuditAnchorCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws LaunchException {
        try (AuditReader reader = AuditReader.open(Audits.folder(surroundings))) {
            AuditAnchor anchor = reader.anchor();
            if (json()) {
                print(new Json()
                        .put("entry", anchor.number())
                        .put("hash", anchor.hash())
                        .put("anchor", anchor.toString()));
            } else {
                screen().line(anchor.toString());
            }
        }
        return ExitStatus.DONE;
    }
}
