package jsgx.cli;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code jsgx fleet audit}. */
@Command(
        name = "audit",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx fleet audit [OPTION...]",
        description = {
            "Show the events of all hosts' audit trails that agree with all options, in the order in which they came; with --json one",
            "document a line."
        },
        footerHeading = "%nExit status 1 where there is none.%n%nExamples:%n",
        footer = {
            "  jsgx fleet audit --verdict refused --since 24h",
            "  jsgx fleet audit --host alpha --kind revocation --json"
        })
final class FleetAuditCommand extends Subcommand {

    @Option(names = "--host", paramLabel = "NAME", description = "Of one host: its name, or its platform's id.")
    private String host = "";

    @Mixin
    private EventOptions events = new EventOptions();

    FleetAuditCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        Remote daemon = Remote.needed(surroundings);
        Instant since = events.since(surroundings.clock());
        List<String> parameters = new ArrayList<>(List.of("limit=1000"));
        Remote.parameter(parameters, "host", host);
        Remote.parameter(parameters, "since", since.equals(Instant.MIN) ? "" : since.toString());
        Remote.parameter(parameters, "kind", events.kind().toLowerCase(Locale.ROOT));
        Remote.parameter(parameters, "workload", events.workload());
        Remote.parameter(parameters, "mrenclave", events.enclave());
        Remote.parameter(parameters, "mrsigner", events.signer());
        Remote.parameter(parameters, "verdict", events.verdict());
        String query = "/v1/fleet/audit?" + String.join("&", parameters);
        boolean found = false;
        String after = "";
        boolean more = true;
        while (more && !surroundings.out().checkError()) {
            Map<String, ?> page = daemon.get(query + "&after=" + Remote.encoded(after));
            List<Map<?, ?>> items = Documents.objects(page, "items");
            items.forEach(this::show);
            found |= !items.isEmpty();
            String next = Documents.string(page, "next");
            more = Documents.truth(page, "more") && !next.equals(after);
            after = next;
        }
        return found ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private void show(Map<?, ?> item) {
        if (json()) {
            surroundings.out().println(Documents.json(item).line());
            return;
        }
        Screen screen = screen();
        Map<?, ?> event = Documents.object(item, "event");
        List<String> parts = new ArrayList<>();
        add(parts, "for ", event, "workload");
        add(parts, "", event, "code");
        add(parts, "rule ", event, "rule");
        add(parts, "", event, "reason");
        String mrEnclave = Documents.string(event, "mrenclave");
        String what = Documents.string(event, "verdict");
        String line = "%s  %-12s  %-14s  %s  %s%s"
                .formatted(
                        Documents.string(event, "time"),
                        Text.printable(Documents.string(item, "host")),
                        Documents.string(event, "kind"),
                        what.startsWith("refuse")
                                ? screen.bad("%-8s".formatted(what))
                                : "%-8s".formatted(Text.printable(what)),
                        mrEnclave.isEmpty() ? "" : screen.hash(mrEnclave) + "  ",
                        screen.hashes(Text.printable(String.join("  ", parts))));
        surroundings.out().println(line.stripTrailing());
    }

    private static void add(List<String> parts, String label, Map<?, ?> event, String name) {
        String value = Documents.string(event, name);
        if (!value.isEmpty()) {
            parts.add(label + value);
        }
    }
}
