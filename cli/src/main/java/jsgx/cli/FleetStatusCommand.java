package jsgx.cli;

import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx fleet status}. */
@Command(
        name = "status",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx fleet status [OPTION...]",
        description = {
            "Say how this host stands with its fleet, and for each host which revision it has in force, how far its audit trail is in the",
            "fleet's stream, and when it last told so."
        },
        footerHeading = "%nExit status 1 where this host launches nothing, or goes on without its fleet.%n%nExample:%n",
        footer = "  jsgx fleet status")
final class FleetStatusCommand extends Subcommand {

    FleetStatusCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        Remote daemon = Remote.needed(surroundings);
        Map<String, ?> fleet = daemon.get("/v1/fleet");
        boolean good = Documents.truth(fleet, "mayLaunch") && !Documents.truth(fleet, "partitioned");
        List<Map<?, ?>> hosts = List.of();
        String unknown = "";
        try {
            hosts = Documents.objects(daemon.get("/v1/fleet/hosts"), "items");
        } catch (Remote.Problem e) {
            unknown = String.valueOf(e.getMessage());
        }
        if (json()) {
            List<Json> items = hosts.stream().map(Documents::json).toList();
            print(new Json().putAll(fleet).put("hosts", items));
            return good ? ExitStatus.DONE : ExitStatus.REFUSED;
        }
        Screen screen = screen();
        String name = Text.printable(Documents.string(fleet, "fleet"));
        screen.line((good
                        ? screen.good("in force")
                        : screen.bad(Documents.truth(fleet, "partitioned") ? "partitioned" : "refusing"))
                + "  " + Text.printable(Documents.string(fleet, "engine")));
        screen.blank();
        List<Fact> facts = new ArrayList<>();
        facts.add(new Fact("this host", Text.printable(Documents.string(fleet, "host"))));
        facts.add(new Fact("revision", Documents.string(fleet, "revision")));
        if (!name.isEmpty()) {
            facts.add(new Fact(
                    "lease",
                    "%d ms, heard %d ms ago"
                            .formatted(
                                    Documents.number(fleet, "leaseMillis"),
                                    Documents.number(fleet, "leaseAgeMillis"))));
            facts.add(new Fact(
                    "audit stream",
                    "up to record %d, %s"
                            .formatted(
                                    Documents.number(fleet, "auditNumber"),
                                    lag(Documents.number(fleet, "auditLagMillis")))));
        }
        for (String trouble : List.of(Documents.string(fleet, "trouble"), unknown)) {
            if (!trouble.isEmpty()) {
                facts.add(new Fact("trouble", Text.printable(trouble)));
            }
        }
        screen.facts(facts);
        if (!name.isEmpty() && !hosts.isEmpty()) {
            screen.blank();
            screen.rows(rows(screen, hosts));
        }
        return good ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private static String lag(long millis) {
        return millis == 0 ? "which is all" : "%d ms behind".formatted(millis);
    }

    /** How long ago is told from the host that told last: the engine's clock is not this machine's. */
    private static List<List<String>> rows(Screen screen, List<Map<?, ?>> hosts) {
        Instant latest = hosts.stream()
                .map(FleetStatusCommand::seen)
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("host", "platform", "revision", "audit", "lag", "told", "state"));
        for (Map<?, ?> host : hosts) {
            rows.add(List.of(
                    Text.printable(Documents.string(host, "name")),
                    screen.hash(Text.printable(Documents.string(host, "platform"))),
                    Documents.string(host, "revision"),
                    Documents.string(host, "auditNumber"),
                    Documents.number(host, "auditLagMillis") + " ms",
                    "%d s ago".formatted(Duration.between(seen(host), latest).toSeconds()),
                    Text.printable(Documents.string(host, "state"))));
        }
        return rows;
    }

    private static Instant seen(Map<?, ?> host) {
        try {
            return Instant.parse(Documents.string(host, "seen"));
        } catch (DateTimeException e) {
            return Instant.EPOCH;
        }
    }
}
