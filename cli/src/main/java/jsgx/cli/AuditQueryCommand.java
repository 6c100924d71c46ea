package jsgx.cli;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditQuery;
import jsgx.launch.audit.AuditReader;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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

    @Option(
            names = "--since",
            paramLabel = "T",
            description = "Not before: 2026-01-31T08:00:00Z, or 24h for a day ago.")
    private String since = "";

    @Option(names = "--until", paramLabel = "T", description = "Not after, likewise.")
    private String until = "";

    @Option(names = "--id", paramLabel = "ID", description = "Of one launch.")
    private String id = "";

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "intent, outcome, policy, revocation or administration.")
    private AuditEvent.@Nullable Kind kind;

    @Option(names = "--workload", paramLabel = "NAME", description = "Whose launch, or who acted.")
    private String workload = "";

    @Option(names = "--enclave", paramLabel = "HEX", description = "How MRENCLAVE begins.")
    private String enclave = "";

    @Option(names = "--signer", paramLabel = "HEX", description = "How MRSIGNER begins.")
    private String signer = "";

    @Option(
            names = "--verdict",
            paramLabel = "V",
            description = "allow, warn or refuse; of an outcome launched or refused.")
    private String verdict = "";

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
                since.isEmpty() ? Instant.MIN : time("--since", since),
                until.isEmpty() ? Instant.MAX : time("--until", until),
                id,
                kind == null ? "" : kind.name(),
                workload,
                enclave,
                signer,
                verdict,
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
            add(parameters, "since", query.since().toString());
        }
        if (!query.until().equals(Instant.MAX)) {
            add(parameters, "until", query.until().toString());
        }
        add(parameters, "id", query.id());
        add(parameters, "kind", query.kind().toLowerCase(Locale.ROOT));
        add(parameters, "workload", query.workload());
        add(parameters, "mrenclave", query.enclave());
        add(parameters, "mrsigner", query.signer());
        add(parameters, "verdict", query.verdict());
        add(parameters, "rule", query.rule());
        add(parameters, "code", query.code());
        return parameters.isEmpty() ? "" : "?" + String.join("&", parameters);
    }

    private static void add(List<String> parameters, String name, String value) {
        if (!value.isEmpty()) {
            parameters.add(name + "=" + Remote.encoded(value));
        }
    }

    private Instant time(String option, String text) throws BadInput {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            try {
                return surroundings.clock().instant().minus(new Lives().convert(text));
            } catch (TypeConversionException | DateTimeException | ArithmeticException other) {
                throw new BadInput(
                        "%s: \"%s\" is no time: expected one such as 2026-01-31T08:00:00Z, or 24h for a day ago"
                                .formatted(option, Text.printable(text)));
            }
        }
    }
}
