package jsgx.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import jsgx.cli.Screen.Fact;
import jsgx.launch.json.Json;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jsgx host cache}. */
@Command(
        name = "cache",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = {
            "jsgx host cache [--placement P] [--scheme S] [--max-bytes SIZE] [--max-entries N] [--flush]%n",
            "      jsgx host cache --workload W [--floor SIZE] [--ceiling SIZE|none] [--reset] [--flush]"
        },
        description = {
            "Show the kernel's token cache, or change it first. A change holds until it is changed again or the daemon ends, whatever the",
            "policy says meanwhile. It is audited."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  jsgx host cache", "  jsgx host cache --workload uid:1000 --floor 64KiB --ceiling 1MiB"})
final class HostCacheCommand extends Subcommand {

    @Option(
            names = "--placement",
            paramLabel = "none|kernel|user|both",
            description = "Where tokens are kept from now on.")
    private @Nullable String placement;

    @Option(
            names = "--scheme",
            paramLabel = "SCHEME",
            description = "Which token goes first: lru, lfu, w-tinylfu, fifo, s3-fifo, sieve or cost-aware.")
    private @Nullable String scheme;

    @Option(
            names = "--max-bytes",
            paramLabel = "SIZE",
            converter = Sizes.Bytes.class,
            description = "The most that all tokens cost.")
    private @Nullable Long maxBytes;

    @Option(names = "--max-entries", paramLabel = "N", description = "The most tokens.")
    private @Nullable Long maxEntries;

    @Option(names = "--workload", paramLabel = "W", description = "The workload that is meant.")
    private @Nullable String workload;

    @Option(
            names = "--floor",
            paramLabel = "SIZE",
            converter = Sizes.Bytes.class,
            description = "What no other workload takes from it.")
    private @Nullable Long floor;

    @Option(
            names = "--ceiling",
            paramLabel = "SIZE|none",
            converter = Sizes.BytesOrNone.class,
            description = "The most that it gets, or none for the cache's own limit.")
    private @Nullable Long ceiling;

    @Option(names = "--reset", description = "Give it the limits back that the policy states.")
    private boolean reset;

    @Option(names = "--flush", description = "Drop all tokens, or those of the workload.")
    private boolean flush;

    @Spec
    private CommandSpec spec;

    HostCacheCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, IOException {
        boolean whole = placement != null || scheme != null || maxBytes != null || maxEntries != null;
        boolean limits = floor != null || ceiling != null;
        if (workload == null && (limits || reset)) {
            throw wrong("--floor, --ceiling and --reset go with --workload");
        }
        if (workload != null && whole) {
            throw wrong("--workload goes with --floor, --ceiling, --reset and --flush alone");
        }
        if (reset && limits) {
            throw wrong("--reset gives the policy's limits back: expected it, or --floor and --ceiling");
        }
        Remote daemon = Remote.needed(surroundings);
        if (whole) {
            Json change = new Json();
            put(change, "placement", placement);
            put(change, "scheme", scheme);
            put(change, "maxBytes", maxBytes);
            put(change, "maxEntries", maxEntries);
            daemon.send("PATCH", "/v1/cache", change);
        }
        String path = "/v1/cache/workloads/" + Remote.encoded(workload == null ? "" : workload);
        if (limits) {
            Json change = new Json();
            put(change, "floor", floor);
            if (ceiling != null) {
                change.put("ceiling", ceiling == Sizes.NONE ? null : ceiling);
            }
            daemon.send("PATCH", path, change);
        }
        if (reset) {
            daemon.ask("DELETE", path, "");
        }
        long dropped = 0;
        if (flush) {
            Json which = new Json();
            put(which, "workload", workload);
            dropped = Documents.number(daemon.send("POST", "/v1/cache/flush", which), "dropped");
        }
        show(daemon.get("/v1/cache"), dropped);
        return ExitStatus.DONE;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    private static void put(Json json, String name, @Nullable Object value) {
        if (value != null) {
            json.put(name, value);
        }
    }

    private void show(Map<String, ?> cache, long dropped) {
        if (json()) {
            Json json = new Json().putAll(cache);
            print(flush ? json.put("dropped", dropped) : json);
            return;
        }
        Screen screen = screen();
        if (flush) {
            screen.line("dropped  " + Text.count(dropped, "token"));
            screen.blank();
        }
        Map<?, ?> did = Documents.object(cache, "statistics");
        screen.facts(List.of(
                new Fact("placement", Documents.string(cache, "placement")),
                new Fact("scheme", Documents.string(cache, "scheme")),
                new Fact(
                        "size",
                        "%s of %s, %s of %s"
                                .formatted(
                                        Text.size(Documents.number(cache, "bytes")),
                                        size(cache, "maxBytes"),
                                        Text.count(Documents.number(cache, "entries"), "token"),
                                        Documents.limit(cache, "maxEntries", "any number"))),
                new Fact(
                        "lookups",
                        "%d hits, %d misses, %d loads, %d joined, %d failed"
                                .formatted(
                                        Documents.number(did, "hits"),
                                        Documents.number(did, "misses"),
                                        Documents.number(did, "loads"),
                                        Documents.number(did, "joins"),
                                        Documents.number(did, "loadFailures")))));
        List<Map<?, ?>> workloads = Documents.objects(cache, "workloads");
        if (workloads.isEmpty()) {
            return;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("workload", "size", "floor", "ceiling", "set by", "hits", "misses"));
        for (Map<?, ?> each : workloads) {
            rows.add(List.of(
                    Text.printable(Documents.string(each, "workload")),
                    Text.size(Documents.number(each, "bytes")),
                    Text.size(Documents.number(each, "floor")),
                    size(each, "ceiling"),
                    Documents.string(each, "limits"),
                    Documents.string(each, "hits"),
                    Documents.string(each, "misses")));
        }
        screen.blank();
        screen.rows(rows);
    }

    private static String size(Map<?, ?> object, String name) {
        return object.get(name) instanceof Number bytes ? Text.size(bytes.longValue()) : "no limit";
    }
}
