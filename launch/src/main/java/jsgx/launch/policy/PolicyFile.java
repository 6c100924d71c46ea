package jsgx.launch.policy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import jsgx.launch.file.FileReader;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.pace.Pace;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlError;
import jsgx.launch.yaml.YamlException;
import jsgx.launch.yaml.YamlNode;
import jsgx.launch.yaml.YamlReader;

/** Reads the file that a policy is written in, as docs/policy.md describes it. */
public final class PolicyFile {

    private static final String RULES = "rules";
    private static final Set<String> KEYS = Set.of("version", "mode", "default", "sequence", RULES, "quotas");
    private static final long VERSION = 1;

    private PolicyFile() {}

    /**
     * The policy in a file, whatever its signature.
     *
     * @throws PolicyException with everything that is wrong with it
     */
    public static Policy load(Path file) throws PolicyException {
        return load(file, false);
    }

    /**
     * The policy in a text that stands alone: it includes no files.
     *
     * @param name what it is called in errors
     * @throws PolicyException with everything that is wrong with it
     */
    public static Policy parse(String name, String text) throws PolicyException {
        Includes none = file -> {
            throw new IOException("a policy that is passed to a host includes no files");
        };
        return parse(name, text.getBytes(StandardCharsets.UTF_8), none, false);
    }

    /** The policy in a file, which is about to be signed: what a signed policy must have must be there. */
    public static Policy loadForSigning(Path file) throws PolicyException {
        return load(file, true);
    }

    /**
     * The files that a policy includes by plain names, which lie beside it, with what they have.
     *
     * @throws PolicyException with everything that is wrong with it
     */
    public static Map<String, byte[]> included(Path file) throws PolicyException {
        FileReader reader = new FileReader(InstantSource.system());
        Includes beside = beside(file, reader);
        Map<String, byte[]> included = new LinkedHashMap<>();
        load(file, false, name -> {
            byte[] bytes = beside.read(name);
            if (!Path.of(name).isAbsolute()) {
                included.put(name, bytes);
            }
            return bytes;
        });
        return included;
    }

    private static Policy load(Path file, boolean signed) throws PolicyException {
        return load(file, signed, beside(file, new FileReader(InstantSource.system())));
    }

    private static Policy load(Path file, boolean signed, Includes includes) throws PolicyException {
        FileReader reader = new FileReader(InstantSource.system());
        String name = String.valueOf(file.getFileName());
        byte[] content;
        try {
            content = reader.read(file, YamlReader.MAX_SIZE).bytes();
        } catch (IOException e) {
            throw new PolicyException(YamlError.of(name, "cannot be read: " + FileReader.reason(e)));
        }
        return parse(name, content, includes, signed);
    }

    /** The text of a file of a policy. */
    static String text(String name, byte[] content) throws PolicyException {
        try {
            return YamlReader.text(name, content);
        } catch (YamlException e) {
            throw new PolicyException(e.error());
        }
    }

    /** The files beside a file. */
    static Includes beside(Path file, FileReader reader) {
        return name ->
                reader.read(file.resolveSibling(name), YamlReader.MAX_SIZE).bytes();
    }

    /**
     * The policy in this content.
     *
     * @param signed whether its signature was checked, against a pinned key
     */
    static Policy parse(String name, byte[] content, Includes includes, boolean signed) throws PolicyException {
        return parse(name, content, includes, signed, Pace.atOnce());
    }

    /** As {@link #parse(String, byte[], Includes, boolean)}, at a pace. */
    static Policy parse(String name, byte[] content, Includes includes, boolean signed, Pace pace)
            throws PolicyException {
        return parse(name, content, includes, WhiteListCertificate.intel(), signed, pace);
    }

    static Policy parse(
            String name, byte[] content, Includes includes, WhiteListCertificate certificate, boolean signed, Pace pace)
            throws PolicyException {
        String text = text(name, content);
        Problems problems = new Problems(name, text);
        List<Rule> rules = new ArrayList<>();
        RuleReader reader = new RuleReader(
                problems, new IdentityReader(problems, includes, certificate, signed), new CelExpressions());
        // Rules are many, and few of them are in the memory as YAML at a time.
        Optional<YamlNode.Mapping> root = YamlReader.read(text, problems, RULES, item -> {
            reader.read(item).ifPresent(rules::add);
            pace.step();
        });
        if (root.isEmpty()) {
            PolicyException.check(problems);
        }
        Fields fields = Fields.of(root.orElseThrow(), KEYS, problems);
        Values values = new Values(problems);
        fields.required("version", "version: 1").ifPresent(node -> values.number(node, VERSION, VERSION));
        Policy.Mode mode = fields.node("mode").map(node -> mode(node, problems)).orElse(Policy.Mode.ENFORCE);
        Optional<YamlNode> otherwise = fields.required("default", "allow or deny, for what no rule matches");
        Effect defaultEffect = otherwise
                .flatMap(node -> RuleReader.effect(node, Set.of("allow", "deny"), problems))
                .orElse(Effect.DENY);
        Optional<YamlNode> sequence = signed
                ? fields.required("sequence", "a number that counts up with each signed policy")
                : fields.node("sequence");
        QuotaTable quotas = fields.node("quotas")
                .map(node -> new QuotaReader(problems).read(node))
                .orElse(QuotaTable.UNLIMITED);
        fields.node(RULES)
                .filter(node -> !(node instanceof YamlNode.Sequence))
                .ifPresent(node -> problems.add(node, "expected a list of rules, found " + node.kind()));
        long number =
                sequence.flatMap(node -> values.number(node, 1, Long.MAX_VALUE)).orElse(0L);
        PolicyException.check(problems);
        return Policy.of(
                new Policy.Head(
                        name, mode, defaultEffect, otherwise.map(YamlNode::line).orElse(0), number, signed, quotas),
                rules);
    }

    private static Policy.Mode mode(YamlNode node, Problems problems) {
        return Fields.scalar(node, "enforce or audit", problems)
                .map(scalar -> switch (scalar.value()) {
                    case "enforce" -> Policy.Mode.ENFORCE;
                    case "audit" -> Policy.Mode.AUDIT;
                    default -> {
                        problems.add(scalar, "expected enforce or audit, found " + scalar.kind());
                        yield Policy.Mode.ENFORCE;
                    }
                })
                .orElse(Policy.Mode.ENFORCE);
    }
}
