package jsgx.cli;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditQuery;
import jsgx.launch.audit.AuditReader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code jsgx audit query}. */
@Command(
        name = "query",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx audit query [OPTION...]",
        description = "Show the events that agree with all options, oldest first; with --json one document a line.",
        footerHeading = "%nExit status 1 where there is none.%n%nExamples:%n",
        footer = {"  jsgx audit query --verdict refused --since 24h", "  jsgx audit query --enclave 66edfcda --json"})
final class AuditQueryCommand extends Subcommand {

    @Mixin
    private EventOptions events = new EventOptions();

    @Option(names = "--until", paramLabel = "T", description = "Not after, likewise.")
    private String until = "";

    @Option(names = "--id", paramLabel = "ID", description = "Of one launch.")
    private String id = "";

    @Option(names = "--rule", paramLabel = "NAME", description = "The rule that decided.")
    private String rule = "";

    @Option(names = "--code", paramLabel = "CODE", description = "What it ended with, as POLICY_REVOKED.")
    private String code = "";

    AuditQueryCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, IOException {
        AuditQuery query = new AuditQuery(
                events.since(surroundings.clock()),
                until.isEmpty() ? Instant.MAX : EventOptions.time("--until", until, surroundings.clock()),
                id,
                events.kind(),
                events.workload(),
                events.enclave(),
                events.signer(),
                events.verdict(),
                rule,
                code);
        Audits audits = new Audits(surroundings, screen(), json());
        long[] found = new long[1];
        Optional<Remote> daemon = Remote.find(surroundings);
        if (daemon.isPresent()) {
            daemon.get().lines("/v1/audit/lines" + parameters(query), line -> {
                found[0]++;
                audits.show(line);
            });
            return found[0] == 0 ? ExitStatus.REFUSED : ExitStatus.DONE;
        }
        try (AuditReader reader = AuditReader.open(Audits.folder(surroundings))) {
            reader.read(entry -> {
                if (entry instanceof AuditEntry.Event event && query.test(event.event())) {
                    found[0]++;
                    audits.show(event);
                }
            });
        }
        return found[0] == 0 ? ExitStatus.REFUSED : ExitStatus.DONE;
    }

    private static String parameters(AuditQuery query) {
        List<String> parameters = new ArrayList<>();
        if (!query.since().equals(Instant.MIN)) {
            Remote.parameter(parameters, "since", query.since().toString());
        }
        if (!query.until().equals(Instant.MAX)) {
            Remote.parameter(parameters, "until", query.until().toString());
        }
        Remote.parameter(parameters, "id", query.id());
        Remote.parameter(parameters, "kind", query.kind().toLowerCase(Locale.ROOT));
        Remote.parameter(parameters, "workload", query.workload());
        Remote.parameter(parameters, "mrenclave", query.enclave());
        Remote.parameter(parameters, "mrsigner", query.signer());
        Remote.parameter(parameters, "verdict", query.verdict());
        Remote.parameter(parameters, "rule", query.rule());
        Remote.parameter(parameters, "code", query.code());
        return parameters.isEmpty() ? "" : "?" + String.join("&", parameters);
    }
}
