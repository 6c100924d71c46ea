package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import jsgx.launch.json.Json;
import picocli.CommandLine.Command;

/** {@code jsgx host status}. */
@Command(
        name = "status",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host status [OPTION...]",
        description = "Say whether this host's daemon launches, what it runs on, and how its EPC is used.",
        footerHeading = "%nExit status 1 where it does not launch.%n%nExample:%n",
        footer = "  jsgx host status")
final class HostStatusCommand extends Subcommand {

    private static final long PAGE = 4096;

    HostStatusCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        Remote daemon = Remote.needed(surroundings);
        Map<String, ?> host = daemon.get("/v1/host");
        Map<String, ?> ready = daemon.get("/v1/ready");
        Map<String, ?> epc = daemon.get("/v1/epc");
        boolean launches = Documents.truth(ready, "ready");
        if (json()) {
            print(new Json()
                    .putAll(host)
                    .put("ready", launches)
                    .put("reasons", reasons(ready))
                    .put("epc", new Json().putAll(epc)));
            return launches ? ExitStatus.DONE : ExitStatus.REFUSED;
        }
        Screen screen = screen();
        screen.line((launches ? screen.good("ready") : screen.bad("not ready")) + "  jsgx "
                + Documents.string(host, "version") + " at "
                + Text.printable(daemon.socket().toString()));
        screen.blank();
        screen.facts(facts(screen, host, ready, epc));
        return launches ? ExitStatus.DONE : ExitStatus.REFUSED;
    }

    private static List<String> reasons(Map<?, ?> ready) {
        return ready.get("reasons") instanceof List<?> reasons
                ? reasons.stream().map(String::valueOf).toList()
                : List.of();
    }

    private static List<Fact> facts(Screen screen, Map<?, ?> host, Map<?, ?> ready, Map<?, ?> epc) {
        List<Fact> facts = new ArrayList<>();
        reasons(ready).forEach(reason -> facts.add(new Fact("why not", Text.printable(reason))));
        Map<?, ?> policy = Documents.object(host, "policy");
        Map<?, ?> platform = Documents.object(host, "platform");
        facts.add(new Fact("up for", Text.time(Documents.number(host, "uptimeSeconds") * 1e6)));
        facts.add(new Fact("platform", screen.hash(Documents.string(platform, "id"))));
        facts.add(new Fact("launch enclave", screen.hash(Documents.string(platform, "leMrsigner"))));
        facts.add(new Fact("state folder", Text.printable(Documents.string(host, "state"))));
        String state = Documents.string(policy, "state");
        facts.add(new Fact(
                "policy",
                state.equals("in-force")
                        ? "in force, sequence %d, %s"
                                .formatted(
                                        Documents.number(policy, "sequence"),
                                        Documents.truth(policy, "signed") ? "signed" : "not signed")
                        : state.equals("none") ? "none: everything may launch" : "cannot be used: nothing launches"));
        facts.add(new Fact("revision", Long.toString(Documents.number(host, "revision"))));
        facts.add(new Fact("tokens", "placement %s, scheme %s".formatted(host.get("placement"), host.get("scheme"))));
        long pages = Documents.number(epc, "pages");
        long used = pages - Documents.number(epc, "free");
        facts.add(new Fact(
                "EPC",
                "%s of %s in use, %s reclaimed"
                        .formatted(
                                Text.size(used * PAGE),
                                Text.size(pages * PAGE),
                                Text.count(Documents.number(epc, "reclaimed"), "page"))));
        for (Map<?, ?> service : Documents.objects(host, "services")) {
            String trouble = Documents.string(service, "trouble");
            facts.add(new Fact(
                    Text.printable(Documents.string(service, "name")),
                    trouble.isEmpty() ? "serves" : Text.printable(trouble)));
        }
        return facts;
    }
}
