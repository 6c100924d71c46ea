package jsgx.launch.policy;

import static jsgx.launch.policy.TestPolicies.rules;
import static jsgx.launch.policy.TestPolicies.subject;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import jsgx.arch.struct.Attributes;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which rule decides, kind by kind. */
class PolicyJudgeTest {

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    mrenclave: 0101010101010101010101010101010101010101010101010101010101010101   | true
                    mrenclave: [0303030303030303030303030303030303030303030303030303030303030303] | false
                    mrsigner: 0202020202020202020202020202020202020202020202020202020202020202    | true
                    mrsigner: 0101010101010101010101010101010101010101010101010101010101010101    | false
                    isvProdId: 7                                | true
                    isvProdId: [1, 5..8]                        | true
                    isvProdId: 8                                | false
                    isvSvn: 3                                   | true
                    isvSvn: 3..                                 | true
                    isvSvn: ..2                                 | false
                    isvSvn: 4..                                 | false
                    isvSvn: 0x3..0xffff                         | true
                    attributes: {required: MODE64BIT}           | true
                    attributes: {required: [MODE64BIT, DEBUG]}  | false
                    attributes: {forbidden: [DEBUG, KSS]}       | true
                    attributes: {forbidden: [PROVISION_KEY, EINITTOKEN_KEY], required: MODE64BIT} | true
                    xfrm: 0x3                                   | true
                    xfrm: 0x7                                   | false
                    xfrm: {required: 0x1}                       | true
                    xfrm: {forbidden: 0x4, required: 3}         | true
                    xfrm: {forbidden: 0x2}                      | false
                    miscSelect: 0                               | true
                    miscSelect: {required: 1}                   | false
                    size: ..2MiB                                | true
                    size: 2097152                               | true
                    size: [1KiB..4KiB, 1GiB..]                  | false
                    workload: prod/web                          | true
                    workload: prod                              | false
                    workload: [dev/*, prod/*]                   | true
                    time: {from: 2026-01-01, until: 2026-01-02} | true
                    time: {until: 2026-01-01T12:00:00Z}         | false
                    time: {from: 2026-01-01T12:00:00Z}          | true
                    time: {from: 2026-01-01T13:00:00+01:00}     | true
                    time: {daily: '13:00-13:01', zone: Europe/Berlin} | true
                    time: {daily: '22:00-12:01'}                | true
                    time: {days: thu}                           | true
                    time: {days: [fri-wed]}                     | false
                    when: isvSvn == 3 && size > 1000            | true
                    when: '"DEBUG" in attributes'               | false
                    when: time > timestamp("2026-01-01T00:00:00Z") && workload.startsWith("prod") | true
                    when: mrenclave.startsWith("0101") && mrsigner == "02" | false
                    when: xfrm == 3 && miscSelect == 0 && isvProdId == 7   | true
                    """)
    void eachCondition(String condition, boolean matches) throws Exception {
        Policy policy = rules("- {name: it, effect: allow, %s}".formatted(condition.strip()));

        assertThat(policy.judge(subject()).effect()).isEqualTo(matches ? Effect.ALLOW : Effect.DENY);
        PolicyExplanation explanation = policy.explain(subject());
        assertThat(explanation.matching()).hasSize(matches ? 1 : 0);
        assertThat(explanation.nearlyMatching()).hasSize(matches ? 0 : 1);
    }

    @Test
    void theStrictestOfTheMatchingRulesDecidesAndOfEqualsTheFirst() throws Exception {
        Policy policy = rules("""
                - {name: a1, effect: allow, workload: '*'}
                - {name: a2, effect: allow, mrenclave: %s}
                - {name: w1, effect: warn, isvSvn: 4}
                - {name: w2, effect: warn, isvSvn: 3..4}
                - {name: d1, effect: deny, isvProdId: 8}
                - {name: d2, effect: deny, mrsigner: %s, isvProdId: 8}
                """.formatted(TestPolicies.hex(1), TestPolicies.hex(2)));

        assertThat(judge(policy, 7, 1)).isEqualTo("a1 ALLOW");
        assertThat(judge(policy, 7, 3)).isEqualTo("w2 WARN");
        assertThat(judge(policy, 7, 4)).isEqualTo("w1 WARN");
        assertThat(judge(policy, 8, 3)).isEqualTo("d1 DENY");
    }

    private static String judge(Policy policy, int product, int svn) {
        PolicySubject s = subject();
        PolicyVerdict verdict = policy.judge(new PolicySubject(
                s.mrEnclave(), s.mrSigner(), product, svn, s.attributes(), 0, s.size(), s.workload(), s.time()));
        return verdict.rule() + " " + verdict.effect();
    }

    @Test
    void theDefaultDecidesWhereNoRuleMatches() throws Exception {
        String rule = "rules: [{name: x, effect: deny, isvSvn: 9}]\n";

        PolicyVerdict allowed =
                TestPolicies.policy("version: 1\ndefault: allow\n" + rule).judge(subject());
        PolicyVerdict denied =
                TestPolicies.policy("version: 1\ndefault: deny\n" + rule).judge(subject());

        assertThat(allowed).isEqualTo(PolicyVerdict.allow("default", "policy.yaml:2", 0));
        assertThat(denied.effect()).isEqualTo(Effect.DENY);
        assertThat(denied.rule()).isEqualTo("default");
        assertThat(denied.where()).isEqualTo("policy.yaml:2");
    }

    @Test
    void inModeAuditWhatWouldBeDeniedLaunchesWithAWarning() throws Exception {
        Policy policy = TestPolicies.policy("""
                version: 1
                mode: audit
                default: deny
                rules:
                  - {name: no, effect: deny, isvSvn: 3, reason: too old}
                """);

        PolicyVerdict byRule = policy.judge(subject());
        PolicyVerdict byDefault = policy.judge(TestPolicies.withFlags(0));

        assertThat(byRule.effect()).isEqualTo(Effect.WARN);
        assertThat(byRule.rule()).isEqualTo("no");
        assertThat(byRule.where()).isEqualTo("policy.yaml:5");
        assertThat(byRule.reason()).contains("would be denied").contains("too old");
        assertThat(byDefault.effect()).isEqualTo(Effect.WARN);
        assertThat(byRule.effect().launches()).isTrue();
    }

    @Test
    void aVerdictNamesTheRevisionThatThePolicyWasGiven() throws Exception {
        Policy policy = rules("- {name: it, effect: allow, isvSvn: 3}");

        assertThat(policy.judge(subject()).revision()).isZero();
        assertThat(policy.withRevision(17).judge(subject()).revision()).isEqualTo(17);
        assertThat(policy.withRevision(17).judge(TestPolicies.subject()).rule()).isEqualTo("it");
    }

    @Test
    void anExpressionIsEvaluatedOnlyWhereAllElseHolds() throws Exception {
        // It fails whenever it is evaluated, and a rule that denies matches where its expression fails.
        Policy policy =
                rules("- {name: it, effect: deny, isvSvn: 4.., workload: prod/*, when: 1 / (isvSvn - isvSvn) > 0}");
        PolicySubject s = subject();
        PolicySubject newer = new PolicySubject(
                s.mrEnclave(), s.mrSigner(), 7, 4, s.attributes(), 0, s.size(), s.workload(), s.time());

        assertThat(policy.judge(s).rule()).isEqualTo("default");
        assertThat(policy.judge(newer).rule()).isEqualTo("it");
    }

    @Test
    void anExpressionThatFailsNeverLetsAnythingLaunch() throws Exception {
        for (String effect : List.of("allow", "warn", "deny")) {
            Policy policy = TestPolicies.policy("""
                    version: 1
                    default: deny
                    rules:
                      - {name: it, effect: %s, when: 10 / (isvSvn - 3) > 0}
                    """.formatted(effect));

            PolicyVerdict verdict = policy.judge(subject());

            assertThat(verdict.rule()).isEqualTo(effect.equals("allow") ? "default" : "it");
            assertThat(policy.explain(subject())
                            .rules()
                            .getFirst()
                            .checks()
                            .getFirst()
                            .found())
                    .contains("it fails")
                    .contains("zero");
        }
    }

    @Test
    void anExplanationSaysWhichConditionOfWhichRuleDecided() throws Exception {
        Policy policy = rules("""
                - {name: near, effect: allow, isvSvn: 5.., isvProdId: 7}
                - {name: far, effect: allow, isvSvn: 5.., isvProdId: 8}
                - {name: it, effect: warn, workload: prod/*, attributes: {required: DEBUG}}
                """);

        PolicyExplanation explanation = policy.explain(TestPolicies.withFlags(Attributes.DEBUG));

        assertThat(explanation.verdict().rule()).isEqualTo("it");
        assertThat(explanation.matching()).singleElement().satisfies(rule -> {
            assertThat(rule.where()).isEqualTo("policy.yaml:6");
            assertThat(rule.effect()).isEqualTo(Effect.WARN);
        });
        assertThat(explanation.nearlyMatching())
                .singleElement()
                .satisfies(rule -> assertThat(rule.failed())
                        .containsExactly(new PolicyExplanation.Check("isvSvn", "5..", "3", false)));
    }
}
