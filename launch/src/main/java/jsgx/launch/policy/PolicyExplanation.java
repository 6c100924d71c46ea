package jsgx.launch.policy;

import java.util.List;

/**
 * Why a policy judges as it does: each of its rules, condition by condition.
 *
 * @param rules the strictest first: the first that matches decides
 */
public record PolicyExplanation(PolicyVerdict verdict, List<RuleTrace> rules) {

    /**
     * A rule and an enclave.
     *
     * @param effect ALLOW, WARN or DENY
     * @param where the file and line
     */
    public record RuleTrace(String rule, PolicyVerdict.Effect effect, String where, List<Check> checks) {

        public boolean matches() {
            return checks.stream().allMatch(Check::holds);
        }

        /** Whether one condition alone keeps it from matching. */
        public boolean nearlyMatches() {
            return failed().size() == 1;
        }

        /** The conditions that do not hold. */
        public List<Check> failed() {
            return checks.stream().filter(check -> !check.holds()).toList();
        }
    }

    /**
     * A condition and an enclave.
     *
     * @param condition the file's word for it
     * @param expected what it demands
     * @param found what the enclave has
     */
    public record Check(String condition, String expected, String found, boolean holds) {}

    /** The rules that match; the first of them decided. */
    public List<RuleTrace> matching() {
        return rules.stream().filter(RuleTrace::matches).toList();
    }

    /** The rules that one condition alone keeps from matching. */
    public List<RuleTrace> nearlyMatching() {
        return rules.stream().filter(RuleTrace::nearlyMatches).toList();
    }
}
