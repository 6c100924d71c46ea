package jsgx.launch.policy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import jsgx.arch.struct.Attributes;
import jsgx.launch.file.FileReader;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlError;
import jsgx.launch.yaml.YamlNode;
import jsgx.launch.yaml.YamlReader;

/**
 * The tests of a policy, as a file declares them: launches, and what the policy is to say to each.
 *
 * @param file the file's name
 */
public record PolicyCases(String file, List<Case> cases) {

    private static final Set<String> KEYS = Set.of("defaults", "cases");
    private static final Set<String> SUBJECT = Set.of(
            "mrenclave",
            "mrsigner",
            "isvProdId",
            "isvSvn",
            "attributes",
            "xfrm",
            "miscSelect",
            "size",
            "workload",
            "time");
    private static final Set<String> CASE = caseKeys();
    private static final int U16 = 0xffff;

    /**
     * One launch.
     *
     * @param line where it begins
     * @param effect what is expected, ALLOW, WARN or DENY
     * @param rule the rule that is expected to decide; empty for any
     */
    public record Case(String name, int line, PolicySubject subject, Effect effect, String rule) {}

    /**
     * What a policy said to it.
     *
     * @param passed whether that was expected
     */
    public record Result(Case declared, PolicyVerdict verdict, boolean passed) {}

    /** Judges each case. */
    public List<Result> run(Policy policy) {
        return cases.stream()
                .map(declared -> {
                    PolicyVerdict verdict = policy.judge(declared.subject());
                    boolean passed = verdict.effect() == declared.effect()
                            && (declared.rule().isEmpty() || verdict.rule().equals(declared.rule()));
                    return new Result(declared, verdict, passed);
                })
                .toList();
    }

    /**
     * The cases in a file.
     *
     * @param clock the time of those that state none
     */
    public static PolicyCases read(Path file, InstantSource clock) throws PolicyException {
        String name = String.valueOf(file.getFileName());
        try {
            return parse(
                    name, new FileReader(clock).read(file, YamlReader.MAX_SIZE).bytes(), clock);
        } catch (IOException e) {
            throw new PolicyException(YamlError.of(name, "cannot be read: " + FileReader.reason(e)));
        }
    }

    static PolicyCases parse(String name, byte[] content, InstantSource clock) throws PolicyException {
        String text = PolicyFile.text(name, content);
        Problems problems = new Problems(name, text);
        List<Case> cases = new ArrayList<>();
        YamlReader.read(text, problems).ifPresent(root -> {
            Fields fields = Fields.of(root, KEYS, problems);
            Function<String, Optional<YamlNode>> defaults = fields.node("defaults")
                    .flatMap(node -> Fields.of(node, SUBJECT, problems))
                    .<Function<String, Optional<YamlNode>>>map(given -> given::node)
                    .orElse(key -> Optional.empty());
            fields.required("cases", "a list of launches").ifPresent(node -> {
                if (node instanceof YamlNode.Sequence list) {
                    CaseReader reader = new CaseReader(problems, defaults, clock.instant());
                    list.items().forEach(item -> reader.read(item).ifPresent(cases::add));
                } else {
                    problems.add(node, "expected a list of launches, found " + node.kind());
                }
            });
        });
        PolicyException.check(problems);
        return new PolicyCases(name, List.copyOf(cases));
    }

    /** Reads one case; what it does not say is as in the defaults. */
    private record CaseReader(Problems problems, Function<String, Optional<YamlNode>> defaults, Instant now) {

        Optional<Case> read(YamlNode node) {
            return Fields.of(node, CASE, problems).map(fields -> {
                String name = fields.required("name", "the case's name")
                        .flatMap(value -> Fields.scalar(value, "a name", problems))
                        .map(YamlNode.Scalar::value)
                        .orElse("");
                Effect effect = fields.required("expect", "allow, deny or warn")
                        .flatMap(value -> RuleReader.effect(value, Set.of("allow", "deny", "warn"), problems))
                        .orElse(Effect.DENY);
                String rule = fields.node("rule")
                        .flatMap(value -> Fields.scalar(value, "the name of a rule", problems))
                        .map(YamlNode.Scalar::value)
                        .orElse("");
                return new Case(name, node.line(), subject(fields), effect, rule);
            });
        }

        private PolicySubject subject(Fields fields) {
            Values values = new Values(problems);
            Function<String, Optional<YamlNode>> field = key -> fields.node(key).or(() -> defaults.apply(key));
            OptionalLong attributes = values.names(field.apply("attributes"));
            OptionalLong xfrm = values.maskValue(field.apply("xfrm"), -1L);
            OptionalLong misc = values.maskValue(field.apply("miscSelect"), 0xffff_ffffL);
            return new PolicySubject(
                    hash(field.apply("mrenclave")),
                    hash(field.apply("mrsigner")),
                    field.apply("isvProdId")
                            .flatMap(n -> values.number(n, 0, U16))
                            .orElse(0L)
                            .intValue(),
                    field.apply("isvSvn")
                            .flatMap(n -> values.number(n, 0, U16))
                            .orElse(0L)
                            .intValue(),
                    new Attributes(attributes.orElse(0), xfrm.orElse(0)),
                    (int) misc.orElse(0),
                    field.apply("size").flatMap(values::size).orElse(0L),
                    field.apply("workload")
                            .flatMap(n -> Fields.scalar(n, "the name of a workload", problems))
                            .map(YamlNode.Scalar::value)
                            .orElse(""),
                    field.apply("time")
                            .flatMap(n -> values.instant(n, ZoneOffset.UTC))
                            .orElse(now));
        }

        private byte[] hash(Optional<YamlNode> node) {
            if (node.isEmpty()) {
                return new byte[Hash256.SIZE];
            }
            String expected = "64 hexadecimal digits";
            Optional<YamlNode.Scalar> scalar = Fields.scalar(node.get(), expected, problems);
            if (scalar.isPresent() && Hash256.isHash(scalar.get().value())) {
                return HexFormat.of().parseHex(scalar.get().value());
            }
            scalar.ifPresent(wrong -> problems.add(wrong, "expected %s, found %s".formatted(expected, wrong.kind())));
            return new byte[Hash256.SIZE];
        }
    }

    private static Set<String> caseKeys() {
        Set<String> keys = new HashSet<>(SUBJECT);
        keys.addAll(Set.of("name", "expect", "rule"));
        return Set.copyOf(keys);
    }
}
