package jsgx.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import jsgx.cli.Screen.Fact;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.Durability;
import jsgx.launch.governor.LaunchEntry;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.governor.RevocationReport;
import jsgx.launch.governor.Revocations;
import jsgx.launch.governor.Revoker;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx policy revoke}. */
@Command(
        name = "revoke",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis =
                "jsgx policy revoke (--enclave H | --signer H [--product N --below-svn N] | --launch-enclave H | --le-below-svn N) [--undo]%n"
                        + "       jsgx policy revoke --list",
        description = {
            "Revoke an enclave, a signer, a signer's product below a version, or a launch enclave's tokens: it no longer launches,",
            "whatever tokens exist. Returns when no launch is on its way that began before, and names those and what already runs."
        },
        footerHeading = "%nExit status 1 where --undo finds nothing to take back.%n%nExamples:%n",
        footer = {"  jsgx policy revoke --signer HASH --product 7 --below-svn 3", "  jsgx policy revoke --list"})
final class PolicyRevokeCommand extends Subcommand {

    @Option(names = "--enclave", paramLabel = "H", description = "The enclave with this MRENCLAVE.")
    private @Nullable String enclave;

    @Option(
            names = "--signer",
            paramLabel = "H",
            description = "All enclaves with this MRSIGNER, or those of a product.")
    private @Nullable String signer;

    @Option(
            names = "--product",
            paramLabel = "N",
            converter = Numbers.U16.class,
            description = "Of the signer, the product with this ISVPRODID only.")
    private @Nullable Integer product;

    @Option(
            names = "--below-svn",
            paramLabel = "N",
            converter = Numbers.U16.class,
            description = "Of the product, what has an ISVSVN below this.")
    private @Nullable Integer belowSvn;

    @Option(
            names = "--launch-enclave",
            paramLabel = "H",
            description = "The tokens of launch enclaves with this MRSIGNER.")
    private @Nullable String launchEnclave;

    @Option(
            names = "--le-below-svn",
            paramLabel = "N",
            converter = Numbers.U16.class,
            description = "The tokens of launch enclaves with an ISVSVN below this, which EINIT takes for ever.")
    private @Nullable Integer leBelowSvn;

    @Option(names = "--undo", description = "Take the revocation back. This is audited.")
    private boolean undo;

    @Option(names = "--list", description = "Show what is revoked.")
    private boolean list;

    @Option(
            names = "--accept-rollback",
            description = "Take a list that is older than one that was here before, as from a backup. This is audited.")
    private boolean acceptRollback;

    @Spec
    private CommandSpec spec;

    PolicyRevokeCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        List<Revocation> named = named();
        if (list && undo) {
            throw wrong("--list shows what is revoked and --undo takes something back: expected one of them");
        }
        if (named.size() > 1 || (named.isEmpty() && !list && !acceptRollback) || (list && !named.isEmpty())) {
            throw wrong("expected one of --enclave, --signer, --launch-enclave, --le-below-svn and --list");
        }
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            return remotely(daemon.get(), named);
        }
        Path folder = Platforms.folder(surroundings);
        if (list && !acceptRollback) {
            return show(RevocationFile.look(folder));
        }
        if (acceptRollback) {
            try (Governance governance = Governance.in(folder, surroundings.clock(), Durability.GROUP);
                    RevocationFile accepted =
                            Revoker.acceptRollback(folder, governance.options().audit(), surroundings.clock())) {
                if (named.isEmpty()) {
                    return show(accepted.read());
                }
            }
        }
        // Opened after that: what was refused before the rollback was accepted is read now.
        try (Governance governance = Governance.in(folder, surroundings.clock(), Durability.GROUP)) {
            Revoker revoker = governance.revoker();
            return undo ? undo(revoker, named.getFirst()) : revoke(revoker, named.getFirst());
        }
    }

    private int remotely(Remote daemon, List<Revocation> named) throws BadInput, IOException {
        if (acceptRollback) {
            throw new BadInput(
                    "--accept-rollback is for the state folder of a daemon that does not run: end it, and say JSGX_RUN=none");
        }
        if (list) {
            Map<String, ?> document = daemon.get("/v1/revocations");
            List<Revocations.Entry> entries = Documents.objects(document, "items").stream()
                    .map(item -> new Revocations.Entry(
                            Documents.number(item, "revision"),
                            Instant.parse(Documents.string(item, "time")),
                            Revocation.parse(Documents.string(item, "what"))))
                    .toList();
            return show(Documents.number(document, "revision"), entries);
        }
        Revocation revocation = named.getFirst();
        Json what = RemoteRevocations.json(revocation);
        if (!undo) {
            return show(RemoteRevocations.report(revocation, daemon.send("POST", "/v1/revocations", what)));
        }
        try {
            Map<String, ?> done = daemon.ask("DELETE", "/v1/revocations?" + RemoteRevocations.query(revocation), "");
            return undone(revocation, true, Documents.number(done, "revision"));
        } catch (Remote.Problem e) {
            if (e.status() != 404) {
                throw e;
            }
            return undone(revocation, false, 0);
        }
    }

    private List<Revocation> named() {
        List<Revocation> named = new ArrayList<>();
        try {
            if (enclave != null) {
                named.add(new Revocation.Enclave(hash(enclave)));
            }
            if (signer != null) {
                named.add(ofSigner(hash(signer)));
            } else if (product != null || belowSvn != null) {
                throw wrong("--product and --below-svn go with --signer");
            }
            if (launchEnclave != null) {
                named.add(new Revocation.LaunchEnclave(hash(launchEnclave)));
            }
            if (leBelowSvn != null) {
                named.add(new Revocation.LaunchEnclaveSvn(leBelowSvn));
            }
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
        return named;
    }

    private Revocation ofSigner(String mrSigner) {
        if (product == null && belowSvn == null) {
            return new Revocation.Signer(mrSigner);
        }
        if (product == null || belowSvn == null) {
            throw wrong("--product and --below-svn go together");
        }
        return new Revocation.Product(mrSigner, product, belowSvn);
    }

    private static String hash(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private int revoke(Revoker revoker, Revocation revocation) throws LaunchException {
        return show(revoker.revoke(revocation));
    }

    private int show(RevocationReport report) {
        Revocation revocation = report.revocation();
        if (json()) {
            Json purged = new Json();
            report.purged().forEach(purged::put);
            print(new Json()
                    .put("revoked", revocation.toString())
                    .put("revision", report.revision())
                    .put("waitedFor", entries(report.waitedFor()))
                    .put("purged", purged)
                    .put("running", entries(report.running())));
            return ExitStatus.DONE;
        }
        Screen screen = screen();
        screen.line(screen.good("revoked") + "  " + screen.hashes(revocation.toString()) + ", revision "
                + report.revision());
        screen.blank();
        List<Fact> facts = new ArrayList<>();
        for (Map.Entry<String, Long> holder : report.purged().entrySet()) {
            facts.add(new Fact(holder.getKey(), Text.count(holder.getValue(), "token") + " removed"));
        }
        report.waitedFor().forEach(entry -> facts.add(new Fact("waited for", text(screen, entry))));
        report.running().forEach(entry -> facts.add(new Fact("runs still", text(screen, entry))));
        if (report.running().isEmpty()) {
            facts.add(new Fact("runs still", "none"));
        } else {
            facts.add(new Fact("what to do", "end them: a revocation stops no enclave that runs"));
        }
        screen.facts(facts);
        return ExitStatus.DONE;
    }

    private int undo(Revoker revoker, Revocation revocation) throws LaunchException {
        boolean revoked = RevocationFile.look(Platforms.folder(surroundings)).contains(revocation);
        return undone(revocation, revoked, revoked ? revoker.reinstate(revocation) : 0);
    }

    private int undone(Revocation revocation, boolean revoked, long revision) {
        if (json()) {
            print(new Json()
                    .put("reinstated", revoked)
                    .put("what", revocation.toString())
                    .put("revision", revision));
        } else {
            Screen screen = screen();
            String what = screen.hashes(revocation.toString());
            screen.line(
                    revoked
                            ? screen.good("no longer revoked") + "  " + what + ", revision " + revision
                            : screen.bad("not revoked") + "  " + what + "; see  jsgx policy revoke --list");
        }
        return revoked ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private int show(Revocations revocations) {
        return show(revocations.revision(), revocations.entries());
    }

    private int show(long revision, List<Revocations.Entry> entries) {
        if (json()) {
            print(new Json()
                    .put("revision", revision)
                    .put(
                            "revocations",
                            entries.stream()
                                    .map(entry -> new Json()
                                            .put("what", entry.revocation().toString())
                                            .put("revision", entry.revision())
                                            .put("time", entry.time().toString()))
                                    .toList()));
            return ExitStatus.DONE;
        }
        Screen screen = screen();
        if (entries.isEmpty()) {
            screen.line("nothing is revoked");
        } else {
            screen.rows(Stream.concat(
                            Stream.of(List.of("revision", "since", "revoked")),
                            entries.stream()
                                    .map(entry -> List.of(
                                            String.valueOf(entry.revision()),
                                            entry.time().toString(),
                                            screen.hashes(entry.revocation().toString()))))
                    .toList());
        }
        return ExitStatus.DONE;
    }

    private static List<Json> entries(List<LaunchEntry> entries) {
        return entries.stream()
                .map(entry -> new Json()
                        .put("workload", entry.workload())
                        .put("pid", entry.pid())
                        .put("mrenclave", entry.mrEnclave())
                        .put("mrsigner", entry.mrSigner())
                        .put("product", entry.isvProdId())
                        .put("svn", entry.isvSvn()))
                .toList();
    }

    private static String text(Screen screen, LaunchEntry entry) {
        return "%s of %s, process %d"
                .formatted(screen.hash(entry.mrEnclave()), Text.printable(entry.workload()), entry.pid());
    }
}
