package jsgx.launch.policy;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;

/** Reads {@code quotas:}. */
final class QuotaReader {

    private static final Set<String> KEYS = Set.of("default", "workloads");
    private static final Set<String> QUOTA =
            Set.of("enclaves", "launchesPerSecond", "launchBurst", "cachedTokens", "epcPages");
    private static final Set<String> TOKENS = Set.of("floor", "ceiling");

    private final Problems problems;
    private final Values values;

    QuotaReader(Problems problems) {
        this.problems = problems;
        this.values = new Values(problems);
    }

    QuotaTable read(YamlNode node) {
        Optional<Fields> fields = Fields.of(node, KEYS, problems);
        WorkloadQuota others = fields.flatMap(f -> f.node("default"))
                .map(value -> quota(value, WorkloadQuota.UNLIMITED))
                .orElse(WorkloadQuota.UNLIMITED);
        Map<String, WorkloadQuota> named = new LinkedHashMap<>();
        fields.flatMap(f -> f.node("workloads")).ifPresent(workloads -> {
            if (workloads instanceof YamlNode.Mapping mapping) {
                mapping.entries().forEach((name, entry) -> named.put(name, quota(entry.value(), others)));
            } else {
                problems.add(workloads, "expected the names of workloads with their quotas, found " + workloads.kind());
            }
        });
        return new QuotaTable(others, named);
    }

    /** What a quota does not say is as in another. */
    private WorkloadQuota quota(YamlNode node, WorkloadQuota base) {
        Optional<Fields> given = Fields.of(node, QUOTA, problems);
        if (given.isEmpty()) {
            return base;
        }
        Fields fields = given.get();
        double rate = fields.node("launchesPerSecond").flatMap(values::rate).orElse(base.launchesPerSecond());
        long burst =
                fields.node("launchesPerSecond").isPresent() ? (long) Math.max(1, Math.ceil(rate)) : base.launchBurst();
        long floor = base.tokenFloor();
        long ceiling = base.tokenCeiling();
        Optional<YamlNode> tokens = fields.node("cachedTokens");
        if (tokens.isPresent()) {
            Optional<Fields> limits = Fields.of(tokens.get(), TOKENS, problems);
            floor = limits.flatMap(f -> f.node("floor")).flatMap(values::size).orElse(floor);
            ceiling =
                    limits.flatMap(f -> f.node("ceiling")).flatMap(values::size).orElse(ceiling);
            if (floor > ceiling) {
                problems.add(tokens.get(), "the floor is above the ceiling");
            }
        }
        return new WorkloadQuota(
                number(fields, "enclaves", 0, base.enclaves()),
                rate,
                number(fields, "launchBurst", 1, burst),
                floor,
                ceiling,
                number(fields, "epcPages", 0, base.epcPages()));
    }

    private long number(Fields fields, String key, long min, long base) {
        return fields.node(key)
                .flatMap(node -> values.number(node, min, Integer.MAX_VALUE))
                .orElse(base);
    }
}
