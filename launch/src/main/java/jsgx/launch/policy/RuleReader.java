package jsgx.launch.policy;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlNode;
import org.jspecify.annotations.Nullable;

/** Reads {@code rules:}. */
final class RuleReader {

    private static final Set<String> CONDITIONS = Set.of(
            "mrenclave",
            "mrsigner",
            "isvProdId",
            "isvSvn",
            "attributes",
            "xfrm",
            "miscSelect",
            "size",
            "workload",
            "time",
            "when");
    private static final Set<String> KEYS = keys();
    private static final Map<String, Effect> EFFECTS =
            Map.of("allow", Effect.ALLOW, "warn", Effect.WARN, "deny", Effect.DENY);

    private final Problems problems;
    private final Values values;
    private final TimeReader times;
    private final IdentityReader identities;
    private final Expressions expressions;
    private final Map<String, Integer> lines = new HashMap<>();

    RuleReader(Problems problems, IdentityReader identities, Expressions expressions) {
        this.problems = problems;
        this.values = new Values(problems);
        this.times = new TimeReader(problems);
        this.identities = identities;
        this.expressions = expressions;
    }

    /** The rule; empty where there is none, which is a problem. What is wrong within it is one too. */
    Optional<Rule> read(YamlNode node) {
        return Fields.of(node, KEYS, problems).map(this::rule);
    }

    /** ALLOW or DENY, or one of all effects. */
    static Optional<Effect> effect(YamlNode node, Set<String> words, Problems problems) {
        if (node instanceof YamlNode.Scalar scalar && words.contains(scalar.value())) {
            return Optional.ofNullable(EFFECTS.get(scalar.value()));
        }
        String expected = String.join(", ", words.stream().sorted().toList());
        problems.add(node, "expected one of %s, found %s".formatted(expected, node.kind()));
        return Optional.empty();
    }

    private Rule rule(Fields fields) {
        String name = fields.required("name", "the rule's name, which verdicts tell")
                .flatMap(node -> Fields.scalar(node, "a name", problems))
                .map(this::unique)
                .orElse("");
        Effect effect = fields.required("effect", "allow, deny or warn")
                .flatMap(node -> effect(node, EFFECTS.keySet(), problems))
                .orElse(Effect.DENY);
        String reason = fields.node("reason")
                .flatMap(node -> Fields.scalar(node, "a text for people", problems))
                .map(YamlNode.Scalar::value)
                .orElse("");
        if (!fields.hasAny(CONDITIONS)) {
            problems.add(
                    fields.place(),
                    "a rule without a condition: expected at least one; what holds for all is \"default\"");
        }
        Optional<IdentityReader.Named> enclaves =
                fields.node("mrenclave").flatMap(node -> identities.read(node, false));
        Optional<IdentityReader.Named> signers = fields.node("mrsigner").flatMap(node -> identities.read(node, true));
        return new Rule(
                name,
                effect,
                fields.place().line(),
                reason,
                orNull(enclaves.flatMap(IdentityReader.Named::identities)),
                orNull(signers.flatMap(IdentityReader.Named::identities)),
                signers.map(IdentityReader.Named::whiteListed).orElse(false),
                orNull(fields.node("isvProdId").flatMap(values::u16Ranges)),
                orNull(fields.node("isvSvn").flatMap(values::u16Ranges)),
                orNull(fields.node("attributes").flatMap(values::attributes)),
                orNull(fields.node("xfrm").flatMap(node -> values.mask(node, -1L))),
                orNull(fields.node("miscSelect").flatMap(node -> values.mask(node, 0xffff_ffffL))),
                orNull(fields.node("size").flatMap(values::sizeRanges)),
                orNull(fields.node("workload").map(this::workloads)),
                orNull(fields.node("time").flatMap(times::read)),
                orNull(fields.node("when").flatMap(node -> expressions.read(node, problems))));
    }

    private String unique(YamlNode.Scalar name) {
        Integer earlier = lines.putIfAbsent(name.value(), name.line());
        if (earlier != null) {
            problems.add(name, "a second rule %s: the first is in line %d".formatted(name.kind(), earlier));
        }
        return name.value();
    }

    private List<Glob> workloads(YamlNode node) {
        return Fields.scalars(node, "the name of a workload, in which * stands for any characters", problems).stream()
                .map(scalar -> new Glob(scalar.value()))
                .toList();
    }

    private static <T> @Nullable T orNull(Optional<T> value) {
        return value.orElse(null);
    }

    private static Set<String> keys() {
        Set<String> keys = new HashSet<>(CONDITIONS);
        keys.addAll(Set.of("name", "effect", "reason"));
        return Set.copyOf(keys);
    }
}
