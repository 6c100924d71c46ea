package jsgx.study.workload;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;
import jsgx.study.trace.Event;
import jsgx.study.workload.Parameters.Bursts;
import jsgx.study.workload.Parameters.Group;
import jsgx.study.workload.Parameters.Planned;
import jsgx.study.workload.Parameters.Popularity;
import org.jspecify.annotations.Nullable;

/** Reads the parameters of a workload; what is wrong is among the problems, and then what it gives is of no use. */
final class WorkloadReader {

    /** A day in microseconds. */
    static final long DAY = 86_400_000_000L;

    private static final Set<String> KEYS = Set.of("workload", "question", "duration", "hosts", "groups", "events");
    private static final Set<String> GROUP = Set.of(
            "name",
            "workloads",
            "role",
            "machines",
            "enclaves",
            "sameEnclaves",
            "popularity",
            "activity",
            "launches",
            "arrivals",
            "bursts",
            "drift",
            "knowsLastLaunch",
            "from",
            "to",
            "boot",
            "reboots",
            "migrations");
    private static final Set<String> EVENT = Set.of("at", "event", "host", "group", "enclaves");
    private static final Set<String> BURSTS = Set.of("launches", "length");

    private static final String NAME = "[a-z0-9][a-z0-9-]{0,63}";
    private static final int MOST_HOSTS = 10_000;
    private static final int MOST_WORKLOADS = 100_000;
    private static final int MOST_ENCLAVES = 10_000_000;
    private static final int MOST_BURST = 1_000_000;
    private static final int MOST_BOOTS = 100_000;

    private static final Map<String, Event> PLANNED = planned();

    private final Problems problems;
    private final Amounts amounts;
    private int hosts = 1;

    WorkloadReader(Problems problems) {
        this.problems = problems;
        this.amounts = new Amounts(problems);
    }

    Parameters read(YamlNode.Mapping root) {
        Fields fields = Fields.of(root, KEYS, problems);
        String name = name(fields, "workload").orElse("");
        String question = fields.required("question", "the question that the workload answers")
                .flatMap(node -> Fields.scalar(node, "a text", problems))
                .map(YamlNode.Scalar::value)
                .orElse("");
        long micros = fields.required("duration", "a time such as 24h, 90m or 30s")
                .flatMap(amounts::duration)
                .orElse(1L);
        hosts = amounts.number(fields, "hosts", 1, MOST_HOSTS, 1);
        List<Group> groups = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (YamlNode node : items(fields.required("groups", "a list of groups of workloads"), "groups of workloads")) {
            Fields.of(node, GROUP, problems).ifPresent(group -> {
                Group read = group(group, micros);
                if (names.contains(read.name())) {
                    problems.add(node, "expected each group once, found \"%s\" again".formatted(read.name()));
                }
                names.add(read.name());
                groups.add(read);
            });
        }
        if (groups.isEmpty() && !problems.any()) {
            problems.add(root, "expected at least one group of workloads, found none");
        }
        List<Planned> events = new ArrayList<>();
        double[] raised = {Double.MAX_VALUE};
        for (YamlNode node : items(fields.node("events"), "events")) {
            Fields.of(node, EVENT, problems)
                    .flatMap(event -> event(event, groups))
                    .ifPresent(event -> {
                        if (event.event() == Event.RAISE_CPUSVN) {
                            raised[0] = Math.min(raised[0], event.at());
                        }
                        if (event.event() == Event.LOWER_CPUSVN && raised[0] >= event.at()) {
                            problems.add(
                                    node,
                                    "CPUSVN can only go back to what it was before: expected raise-cpusvn at an earlier time, above this event");
                        }
                        events.add(event);
                    });
        }
        Parameters all = new Parameters(name, question, micros, hosts, List.copyOf(groups), List.copyOf(events));
        if (all.size(1) > Parameters.MOST_EVENTS) {
            problems.add(
                    root,
                    "expected at most %d events in all, found %.0f: launches, and for each workload what boot, reboots and migrations make, and for each host what events do"
                            .formatted(Parameters.MOST_EVENTS, all.size(1)));
        }
        return all;
    }

    private Group group(Fields fields, long runMicros) {
        String name = name(fields, "name").orElse("");
        int workloads = amounts.number(fields, "workloads", 1, MOST_WORKLOADS, 1);
        boolean guests = amounts.word(fields, "machines", Map.of("hosts", false, "guests", true), false);
        Popularity popularity = popularity(fields);
        boolean once = popularity instanceof Popularity.Once;
        int enclaves = once ? 0 : enclaves(fields, workloads);
        if (once && fields.node("enclaves").isPresent()) {
            refuse(
                    fields,
                    "enclaves",
                    "with popularity once each launch has an enclave of its own: leave enclaves out");
        }
        long launches = fields.required("launches", "how many launches the group makes")
                .flatMap(node -> amounts.number(node, 1, Parameters.MOST_EVENTS))
                .orElse(1L);
        double from = amounts.part(fields, "from", 0);
        double to = amounts.part(fields, "to", 1);
        if (from >= to) {
            refuse(
                    fields,
                    fields.node("to").isPresent() ? "to" : "from",
                    "expected an end after the beginning, found %s%% to %s%%".formatted(100 * from, 100 * to));
        }
        int boot = amounts.number(fields, "boot", 0, MOST_BOOTS, 0);
        if (boot > enclaves) {
            refuse(
                    fields,
                    "boot",
                    "expected at most as many as it has enclaves, %d, found %d".formatted(enclaves, boot));
        }
        double drift = amounts.decimal(fields, "drift", 0, 1000, 0);
        if (once && drift > 0) {
            refuse(fields, "drift", "with popularity once every launch is of a new enclave: leave drift out");
        }
        int reboots = amounts.number(fields, "reboots", 0, MOST_BOOTS, 0);
        int migrations = amounts.number(fields, "migrations", 0, MOST_BOOTS, 0);
        if (!guests && reboots > 0) {
            refuse(
                    fields,
                    "reboots",
                    "these workloads share the hosts: expected machines: guests, or reboots of a host under events");
        }
        if (!guests && migrations > 0) {
            refuse(
                    fields,
                    "migrations",
                    "these workloads are on the hosts, which stay where they are: expected machines: guests");
        }
        if (migrations > 0 && hosts < 2) {
            refuse(fields, "migrations", "there is no other host to go to: expected hosts: 2 or more");
        }
        return new Group(
                name,
                workloads,
                amounts.word(fields, "role", Map.of("tenant", false, "attacker", true), false),
                guests,
                enclaves,
                amounts.yes(fields, "sameEnclaves"),
                popularity,
                amounts.decimal(fields, "activity", 0, 10, 0),
                launches,
                amounts.word(fields, "arrivals", arrivals(), Arrivals.Process.POISSON),
                bursts(fields, launches, runMicros),
                drift,
                amounts.yes(fields, "knowsLastLaunch"),
                from,
                to,
                boot,
                reboots,
                migrations);
    }

    private int enclaves(Fields fields, int workloads) {
        boolean same = amounts.yes(fields, "sameEnclaves");
        int most = MOST_ENCLAVES / (same ? 1 : workloads);
        return fields.required("enclaves", "how many enclaves each workload has")
                .flatMap(node -> amounts.number(node, 1, most))
                .orElse(1L)
                .intValue();
    }

    private Popularity popularity(Fields fields) {
        Optional<YamlNode> node = fields.node("popularity");
        if (node.isPresent() && node.get() instanceof YamlNode.Scalar scalar) {
            if (scalar.value().equals("loop")) {
                return new Popularity.Loop();
            }
            if (scalar.value().equals("once")) {
                return new Popularity.Once();
            }
        }
        return new Popularity.Skewed(amounts.decimal(
                fields, "popularity", 0, 10, 0, "Zipf's exponent from 0, all the same, to 10, or loop, or once"));
    }

    private @Nullable Bursts bursts(Fields fields, long launches, long runMicros) {
        Optional<YamlNode> node = fields.node("bursts");
        Optional<Fields> given = node.flatMap(value -> Fields.of(value, BURSTS, problems));
        if (given.isEmpty()) {
            return null;
        }
        int each = given.get()
                .required("launches", "how many launches a burst has")
                .flatMap(value -> amounts.number(value, 2, MOST_BURST))
                .orElse(2L)
                .intValue();
        if (each > launches) {
            refuse(
                    given.get(),
                    "launches",
                    "expected at most the %d launches of the group, found %d".formatted(launches, each));
        }
        long length = given.get()
                .required("length", "how long a burst takes, such as 2s or 500ms")
                .flatMap(amounts::duration)
                .orElse(1L);
        if (length > runMicros) {
            refuse(given.get(), "length", "expected a burst no longer than the whole run, found a longer one");
        }
        return new Bursts(each, length);
    }

    private Optional<Planned> event(Fields fields, List<Group> groups) {
        if (fields.required("at", "a part of the run such as 50%").isEmpty()
                || fields.required("event", "one of " + words(PLANNED.keySet())).isEmpty()) {
            return Optional.empty();
        }
        double at = amounts.part(fields, "at", 0);
        Event event = amounts.word(fields, "event", PLANNED, Event.REBOOT);
        int host = amounts.number(fields, "host", 0, hosts - 1, Planned.ALL);
        if (event != Event.REVOKE) {
            for (String key : List.of("group", "enclaves")) {
                if (fields.node(key).isPresent()) {
                    refuse(fields, key, "only revoke has a group and enclaves");
                }
            }
            return Optional.of(new Planned(at, event, host, 0, 0));
        }
        if (fields.node("host").isPresent()) {
            refuse(fields, "host", "a revocation reaches all hosts: leave host out");
        }
        Map<String, Integer> places = new LinkedHashMap<>();
        for (Group group : groups) {
            places.put(group.name(), places.size());
        }
        if (fields.required("group", "one of " + words(places.keySet())).isEmpty() || groups.isEmpty()) {
            return Optional.empty();
        }
        int group = amounts.word(fields, "group", places, 0);
        int most = groups.get(group).enclaves();
        int enclaves = amounts.number(fields, "enclaves", 1, Math.max(1, most), 1);
        if (most == 0) {
            refuse(
                    fields,
                    "group",
                    "its enclaves are launched once each, so that there is nothing to revoke: expected another group");
            return Optional.empty();
        }
        return Optional.of(new Planned(at, event, Planned.ALL, group, enclaves));
    }

    private Optional<String> name(Fields fields, String key) {
        String expected = "a name of lower-case letters, digits and dashes, at most 64";
        return fields.required(key, expected)
                .flatMap(node -> Fields.scalar(node, expected, problems))
                .map(scalar -> {
                    if (!scalar.value().matches(NAME)) {
                        problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                    }
                    return scalar.value();
                });
    }

    private List<YamlNode> items(Optional<YamlNode> node, String what) {
        if (node.isEmpty()) {
            return List.of();
        }
        if (node.get() instanceof YamlNode.Sequence list) {
            return list.items();
        }
        problems.add(
                node.get(),
                "expected a list of %s, found %s".formatted(what, node.get().kind()));
        return List.of();
    }

    private void refuse(Fields fields, String key, String message) {
        problems.add(fields.node(key).orElse(fields.place()), message);
    }

    private static String words(Set<String> words) {
        return String.join(", ", words.stream().sorted().toList());
    }

    private static Map<String, Arrivals.Process> arrivals() {
        Map<String, Arrivals.Process> processes = new LinkedHashMap<>();
        for (Arrivals.Process process : Arrivals.Process.values()) {
            processes.put(process.name().toLowerCase(Locale.ROOT), process);
        }
        return processes;
    }

    private static Map<String, Event> planned() {
        Map<String, Event> events = new LinkedHashMap<>();
        Stream.of(Event.REBOOT, Event.ROTATE_LAUNCH_ENCLAVE, Event.RAISE_CPUSVN, Event.LOWER_CPUSVN, Event.REVOKE)
                .forEach(event -> events.put(event.toString(), event));
        return events;
    }
}
