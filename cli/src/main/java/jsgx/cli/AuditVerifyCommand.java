package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.cli.Screen.Fact;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code jsgx audit verify}. */
@Command(
        name = "verify",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit verify [EXPORT] [--key PEM] [--anchor A]... [OPTION...]",
        description = {
            "Check that the audit trail is what was recorded: an edit, an insertion, a deletion, a reorder is found at its entry.",
            "A cut at the end, or a trail written anew with the key, is found against an anchor that was kept elsewhere."
        },
        footerHeading = "%nExit status 1 where it is not.%n%nExample:%n",
        footer = "  jsgx audit verify")
final class AuditVerifyCommand extends Subcommand {

    @Parameters(arity = "0..1", paramLabel = "EXPORT", description = "What audit export wrote; without one, the trail.")
    private @Nullable String export;

    @Option(
            names = "--key",
            paramLabel = "PEM",
            description = "The public key that must have signed it; audit/key.pub.")
    private @Nullable String key;

    @Option(
            names = "--anchor",
            paramLabel = "A",
            description = "What  jsgx audit anchor  printed; may be given several times.")
    private List<String> anchors = List.of();

    AuditVerifyCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        Optional<Remote> daemon = export == null && key == null ? Remote.find(surroundings) : Optional.empty();
        if (daemon.isPresent()) {
            return remotely(daemon.get());
        }
        Path folder = Audits.folder(surroundings);
        List<AuditAnchor> kept = new ArrayList<>();
        for (String anchor : anchors) {
            kept.add(AuditAnchor.parse(anchor));
        }
        if (key == null && export == null && kept.isEmpty()) {
            // Says that there is no trail, where there is none, and not that there is no key.
            AuditReader.open(folder).close();
        }
        String signer = AuditKey.readPublic(
                key == null ? folder.resolve("key.pub") : EnclaveOptions.existing(key, surroundings));
        AuditVerification found = export == null
                ? AuditReader.verify(folder, signer, kept)
                : AuditReader.verifyExport(EnclaveOptions.existing(export, surroundings), signer, kept);
        return switch (found) {
            case AuditVerification.Intact intact -> show(intact, signer, kept.size());
            case AuditVerification.Broken broken -> show(broken);
        };
    }

    private int remotely(Remote daemon) throws BadInput, LaunchException, IOException {
        for (String anchor : anchors) {
            AuditAnchor.parse(anchor);
        }
        String query = String.join(
                "&", anchors.stream().map(anchor -> "anchor=" + anchor).toList());
        Map<String, ?> found = daemon.get("/v1/audit/verify" + (query.isEmpty() ? "" : "?" + query));
        if (Documents.truth(found, "valid")) {
            return show(
                    new AuditVerification.Intact(
                            Documents.number(found, "first"),
                            Documents.number(found, "entries"),
                            Documents.number(found, "checkpoints"),
                            Documents.number(found, "signed"),
                            AuditAnchor.parse(Documents.string(found, "anchor"))),
                    Documents.string(found, "key"),
                    anchors.size());
        }
        return show(new AuditVerification.Broken(
                Documents.number(found, "entry"),
                Documents.string(found, "where"),
                Documents.string(found, "expected"),
                Documents.string(found, "found"),
                Documents.string(found, "meaning")));
    }

    private int show(AuditVerification.Intact intact, String signer, int kept) {
        long last = intact.head().number();
        if (json()) {
            print(new Json()
                    .put("valid", true)
                    .put("first", intact.first())
                    .put("entries", intact.entries())
                    .put("checkpoints", intact.checkpoints())
                    .put("signed", intact.signed())
                    .put("key", signer)
                    .put("anchors", kept)
                    .put("anchor", intact.head().toString()));
            return ExitStatus.DONE;
        }
        Screen screen = screen();
        screen.line(
                "%s  entries %d to %d, each as it was recorded".formatted(screen.good("valid"), intact.first(), last));
        screen.blank();
        screen.facts(List.of(
                new Fact(
                        "signed",
                        intact.signed() == last
                                ? "all, by " + screen.hash(signer)
                                : "up to entry %d, by %s; a cut of what is later needs no key"
                                        .formatted(intact.signed(), screen.hash(signer))),
                new Fact("checkpoints", Long.toString(intact.checkpoints())),
                new Fact(
                        "anchors",
                        kept == 0
                                ? "none given: a cut at the end would not show; keep elsewhere what  jsgx audit anchor  prints"
                                : Text.count(kept, "anchor") + ", all hold")));
        return ExitStatus.DONE;
    }

    private int show(AuditVerification.Broken broken) {
        if (json()) {
            print(new Json()
                    .put("valid", false)
                    .put("entry", broken.number())
                    .put("where", broken.where())
                    .put("expected", broken.expected())
                    .put("found", broken.found())
                    .put("meaning", broken.meaning()));
            return ExitStatus.REFUSED;
        }
        Screen screen = screen();
        screen.line(
                "%s  entry %d  %s".formatted(screen.bad("not valid"), broken.number(), Text.printable(broken.where())));
        screen.blank();
        screen.facts(List.of(
                new Fact("expected", screen.hashes(Text.printable(broken.expected()))),
                new Fact("found", screen.hashes(Text.printable(broken.found()))),
                new Fact("meaning", Text.printable(broken.meaning())),
                new Fact(
                        "what to do",
                        "what comes before entry %d stands; put the folder away as it is for whoever looks into it, and compare it with a copy or an export"
                                .formatted(broken.number()))));
        return ExitStatus.REFUSED;
    }
}
