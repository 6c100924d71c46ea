package jsgx.launch.policy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.launch.policy.PolicyVerdict.Effect;

/**
 * A policy: rules, what holds where none matches, and quotas. Immutable.
 *
 * <p>The strictest rule that matches decides: DENY before WARN before ALLOW, and of equals the first in the file. Rules that name
 * enclaves or signers are found by hash; only the others are looked at one by one.
 */
public final class Policy implements LaunchPolicy {

    /** Whether a policy's refusals are meant. */
    public enum Mode {
        ENFORCE,
        /** What it would refuse launches, with effect WARN. */
        AUDIT
    }

    private static final int[] NONE = {};

    private final Head head;
    private final Index index;
    private final PolicyVerdict[] verdicts;
    private final PolicyVerdict none;
    private final long revision;

    /**
     * What a policy has besides rules.
     *
     * @param file the name of its file
     * @param sequence counts up with each policy that is signed; 0 where the file states none
     * @param signed whether its signature was checked
     */
    record Head(
            String file,
            Mode mode,
            Effect defaultEffect,
            int defaultLine,
            long sequence,
            boolean signed,
            QuotaTable quotas) {}

    /** The rules, strictest first, and by what they are found: positions in that list, rising. */
    private record Index(List<Rule> rules, Map<Hash256, int[]> enclaves, Map<Hash256, int[]> signers, int[] residual) {}

    /** A policy of these rules, in the order of the file. */
    Policy(Head head, List<Rule> rules) {
        this(head, index(rules), 0);
    }

    private Policy(Head head, Index index, long revision) {
        this.head = head;
        this.index = index;
        this.revision = revision;
        this.verdicts = index.rules().stream().map(this::verdict).toArray(PolicyVerdict[]::new);
        this.none = verdict(
                head.defaultEffect(),
                "default",
                head.file() + ":" + head.defaultLine(),
                "no rule of the policy matches, and its default is to deny");
    }

    /** This policy, whose verdicts name another revision. */
    public Policy withRevision(long newRevision) {
        return new Policy(head, index, newRevision);
    }

    /** The revision that its verdicts name; 0 at first. */
    public long revision() {
        return revision;
    }

    public Mode mode() {
        return head.mode();
    }

    /** ALLOW or DENY. */
    public Effect defaultEffect() {
        return head.defaultEffect();
    }

    /** The name of its file. */
    public String file() {
        return head.file();
    }

    /** Counts up with each policy that is signed; 0 where the file states none. */
    public long sequence() {
        return head.sequence();
    }

    /** Whether its signature was checked, against a pinned key. */
    public boolean signed() {
        return head.signed();
    }

    public QuotaTable quotas() {
        return head.quotas();
    }

    /**
     * How many of what a policy has.
     *
     * @param rules all of them
     * @param enclaves MRENCLAVEs that are found by hash
     * @param signers MRSIGNERs that are found by hash
     * @param residual rules that are looked at one by one
     * @param expressions rules with an expression
     */
    public record Counts(
            int rules, int allow, int warn, int deny, int enclaves, int signers, int residual, int expressions) {}

    /** How many of what it has. */
    public Counts counts() {
        return new Counts(
                rules().size(),
                count(Effect.ALLOW),
                count(Effect.WARN),
                count(Effect.DENY),
                index.enclaves().size(),
                index.signers().size(),
                index.residual().length,
                (int) rules().stream().filter(rule -> rule.when() != null).count());
    }

    @Override
    public PolicyVerdict judge(PolicySubject subject) {
        int decides = deciding(subject);
        return decides == verdicts.length ? none : verdicts[decides];
    }

    /** Judges, and says of each rule which of its conditions hold. */
    public PolicyExplanation explain(PolicySubject subject) {
        return new PolicyExplanation(
                judge(subject),
                rules().stream()
                        .map(rule -> new PolicyExplanation.RuleTrace(
                                rule.name(),
                                rule.effect(),
                                where(rule),
                                Conditions.of(rule).stream()
                                        .map(condition -> condition.check(subject))
                                        .toList()))
                        .toList());
    }

    /** The rules, strictest first. */
    List<Rule> rules() {
        return index.rules();
    }

    /** The position of the rule that decides, or the number of rules where none does. */
    private int deciding(PolicySubject subject) {
        List<Rule> rules = index.rules();
        int first = rules.size();
        for (int at : index.enclaves().getOrDefault(Hash256.of(subject.mrEnclave()), NONE)) {
            if (rules.get(at).signerAndRestHold(subject)) {
                first = at;
                break;
            }
        }
        first = firstMatch(index.signers().getOrDefault(Hash256.of(subject.mrSigner()), NONE), first, subject);
        return firstMatch(index.residual(), first, subject);
    }

    private int firstMatch(int[] candidates, int bound, PolicySubject subject) {
        for (int at : candidates) {
            if (at >= bound) {
                return bound;
            }
            if (index.rules().get(at).restHolds(subject)) {
                return at;
            }
        }
        return bound;
    }

    String where(Rule rule) {
        return head.file() + ":" + rule.line();
    }

    private PolicyVerdict verdict(Rule rule) {
        String reason = rule.reason().isEmpty() && rule.effect() != Effect.ALLOW
                ? "the enclave meets the rule's conditions: "
                        + String.join(
                                "; ",
                                Conditions.of(rule).stream()
                                        .map(Conditions.Condition::asStated)
                                        .toList())
                : rule.reason();
        return verdict(rule.effect(), rule.name(), where(rule), reason);
    }

    private PolicyVerdict verdict(Effect effect, String rule, String where, String reason) {
        if (effect == Effect.ALLOW) {
            return PolicyVerdict.allow(rule, where, revision);
        }
        return effect == Effect.DENY && mode() == Mode.AUDIT
                ? new PolicyVerdict(
                        Effect.WARN,
                        rule,
                        where,
                        "would be denied, but the policy's mode is audit: " + reason,
                        revision)
                : new PolicyVerdict(effect, rule, where, reason, revision);
    }

    private int count(Effect effect) {
        return (int) rules().stream().filter(rule -> rule.effect() == effect).count();
    }

    private static Index index(List<Rule> inFile) {
        List<Rule> rules = inFile.stream()
                .sorted(Comparator.comparing(Rule::effect, Comparator.reverseOrder()))
                .toList();
        Map<Hash256, int[]> enclaves = new HashMap<>();
        Map<Hash256, int[]> signers = new HashMap<>();
        List<Integer> residual = new ArrayList<>();
        for (int at = 0; at < rules.size(); at++) {
            Rule rule = rules.get(at);
            if (rule.enclaves() != null) {
                add(enclaves, rule.enclaves().hashes(), at);
            } else if (rule.signers() != null) {
                add(signers, rule.signers().hashes(), at);
            } else {
                residual.add(at);
            }
        }
        return new Index(
                rules,
                enclaves,
                signers,
                residual.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void add(Map<Hash256, int[]> index, Set<Hash256> hashes, int at) {
        int[] alone = {at};
        for (Hash256 hash : hashes) {
            index.merge(hash, alone, (earlier, later) -> {
                int[] both = Arrays.copyOf(earlier, earlier.length + 1);
                both[earlier.length] = at;
                return both;
            });
        }
    }
}
