package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code jsgx host launches}. */
@Command(
        name = "launches",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx host launches [-n N] [--follow] [--explain] [OPTION...]",
        description = "Show the last launches of this host, oldest first; with --json one document a line.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx host launches -n 20")
final class HostLaunchesCommand extends Subcommand {

    private static final int MOST = 1024;

    @Mixin
    private TailOptions tail = new TailOptions();

    @Option(names = "--explain", description = "Say of each refusal why, as  jsgx launch  does.")
    private boolean explain;

    HostLaunchesCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        int last = tail.last(MOST);
        Remote daemon = Remote.needed(surroundings);
        if (last > 0) {
            Documents.objects(daemon.get("/v1/launches?limit=" + last), "items")
                    .reversed()
                    .forEach(this::show);
        }
        if (tail.follow()) {
            daemon.events("/v1/launches/stream", "", () -> !surroundings.out().checkError(), (name, data) -> {
                Map<String, ?> event = daemon.document(data);
                if (name.equals("lost")) {
                    screen(surroundings.err())
                            .line("%d launches came too fast to be shown".formatted(Documents.number(event, "count")));
                } else {
                    show(event);
                }
            });
        }
        return ExitStatus.DONE;
    }

    private void show(Map<?, ?> launch) {
        if (json()) {
            surroundings.out().println(Documents.json(launch).line());
            return;
        }
        Screen screen = screen();
        String verdict = "%-8s".formatted(Documents.string(launch, "verdict"));
        List<String> parts = new ArrayList<>();
        add(parts, "", screen.hash(Documents.string(launch, "mrenclave")));
        add(parts, "for ", Documents.string(launch, "workload"));
        add(parts, "process ", Documents.string(launch, "pid"));
        add(parts, "", Documents.string(launch, "interface"));
        add(parts, "", Documents.string(launch, "code"));
        add(parts, "rule ", quoted(Documents.string(launch, "rule")));
        add(parts, "token ", Documents.string(launch, "tokenSource"));
        parts.add(Text.time(micros(launch)));
        screen.line("%s  %s  %s"
                .formatted(
                        Documents.string(launch, "time"),
                        verdict.startsWith("refused") ? screen.bad(verdict) : screen.good(verdict),
                        Text.printable(String.join("  ", parts))));
        Map<?, ?> why = Documents.object(launch, "explanation");
        if (explain && !why.isEmpty()) {
            screen.line("  " + screen.hashes(Text.printable(Documents.string(why, "headline"))));
            screen.facts(Documents.objects(why, "facts").stream()
                    .map(fact -> new Fact(
                            "  " + Documents.string(fact, "label"),
                            screen.hashes(Text.printable(Documents.string(fact, "value")))))
                    .toList());
        }
    }

    private static double micros(Map<?, ?> launch) {
        return Documents.object(launch, "micros").get("total") instanceof Number total ? total.doubleValue() : 0;
    }

    private static String quoted(String text) {
        return text.isEmpty() ? "" : "\"" + text + "\"";
    }

    private static void add(List<String> parts, String label, String value) {
        if (!value.isEmpty()) {
            parts.add(label + value);
        }
    }
}
