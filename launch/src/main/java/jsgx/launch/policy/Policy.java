package jsgx.launch.policy;

import java.util.List;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.jspecify.annotations.Nullable;

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

    private final Head head;
    private final Judge launches;

    /** The rules as they judge who asks for a token. */
    private final Judge tokens;

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

    /** Rules with what they say. A verdict is made when its rule first decides: most never do, and a policy is exchanged while it is in use. */
    private final class Judge {

        private final RuleIndex index;

        /** By the rule's number; threads that make one at the same time make equal ones. */
        private final @Nullable PolicyVerdict[] verdicts;

        Judge(RuleIndex index) {
            this.index = index;
            this.verdicts = new PolicyVerdict[index.rules().size()];
        }

        PolicyVerdict of(PolicySubject subject) {
            int decides = index.deciding(subject);
            if (decides == verdicts.length) {
                return none;
            }
            PolicyVerdict verdict = verdicts[decides];
            if (verdict == null) {
                verdict = verdict(index.rules().get(decides));
                verdicts[decides] = verdict;
            }
            return verdict;
        }
    }

    /** A policy of these rules, in the order of the file. */
    static Policy of(Head head, List<Rule> rules) {
        RuleIndex index = RuleIndex.of(rules);
        List<Rule> forTokens =
                rules.stream().flatMap(rule -> rule.forTokens().stream()).toList();
        return new Policy(head, index, forTokens.equals(rules) ? index : RuleIndex.of(forTokens), 0);
    }

    private Policy(Head head, RuleIndex index, RuleIndex tokenIndex, long revision) {
        this.head = head;
        this.revision = revision;
        this.launches = new Judge(index);
        this.tokens = tokenIndex == index ? launches : new Judge(tokenIndex);
        this.none = verdict(
                head.defaultEffect(),
                "default",
                head.file() + ":" + head.defaultLine(),
                "no rule of the policy matches, and its default is to deny");
    }

    /** This policy, whose verdicts name another revision. */
    public Policy withRevision(long newRevision) {
        return new Policy(head, launches.index, tokens.index, newRevision);
    }

    /** This policy, as a file of another name has it. */
    Policy inFile(String name) {
        Head other = new Head(
                name,
                head.mode(),
                head.defaultEffect(),
                head.defaultLine(),
                head.sequence(),
                head.signed(),
                head.quotas());
        return new Policy(other, launches.index, tokens.index, revision);
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

    /**
     * One of its rules.
     *
     * @param effect ALLOW, WARN or DENY
     * @param where the file and line
     */
    public record RuleHead(String rule, Effect effect, String where) {}

    /** Its rules, strictest first. */
    public List<RuleHead> ruleHeads() {
        return rules().stream()
                .map(rule -> new RuleHead(rule.name(), rule.effect(), where(rule)))
                .toList();
    }

    /** How many of what it has. */
    public Counts counts() {
        return new Counts(
                rules().size(),
                count(Effect.ALLOW),
                count(Effect.WARN),
                count(Effect.DENY),
                launches.index.enclaves(),
                launches.index.signers(),
                launches.index.residual(),
                (int) rules().stream().filter(rule -> rule.when() != null).count());
    }

    @Override
    public PolicyVerdict judge(PolicySubject subject) {
        return launches.of(subject);
    }

    @Override
    public PolicyVerdict judgeToken(PolicySubject subject) {
        return tokens.of(subject);
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
        return launches.index.rules();
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
}
