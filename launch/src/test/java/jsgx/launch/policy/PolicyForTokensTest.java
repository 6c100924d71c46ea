package jsgx.launch.policy;

import static jsgx.launch.policy.TestPolicies.hash;
import static jsgx.launch.policy.TestPolicies.policy;
import static jsgx.launch.policy.TestPolicies.rules;
import static jsgx.launch.policy.TestPolicies.subject;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy says where only a token is asked for, and product, SVN, MISCSELECT and size are not known. */
class PolicyForTokensTest {

    private static final PolicySubject TOKEN = PolicySubject.ofToken(
            hash(1), hash(2), new Attributes(Attributes.MODE64BIT, 3), "prod/web", TestPolicies.NOON);

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    isvProdId: 8                              | ALLOW
                    isvSvn: 9..                               | ALLOW
                    size: 1GiB..                              | ALLOW
                    miscSelect: {required: 1}                 | ALLOW
                    when: isvSvn > 3                          | ALLOW
                    when: size > 3 && workload != "x"         | ALLOW
                    when: workload == "x"                     | DENY
                    workload: x                               | DENY
                    mrenclave: 0303030303030303030303030303030303030303030303030303030303030303 | DENY
                    attributes: {required: DEBUG}             | DENY
                    """)
    void whatOnlyAllowsByWhatIsNotKnownMayAllow(String condition, Effect effect) throws Exception {
        Policy policy = rules("- {name: it, effect: allow, %s}".formatted(condition.strip()));

        assertThat(policy.judgeToken(TOKEN).effect()).isEqualTo(effect);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    isvProdId: 0                              | ALLOW
                    isvSvn: ..2                               | ALLOW
                    size: ..1GiB                              | ALLOW
                    when: isvSvn < 3                          | ALLOW
                    workload: prod/*                          | DENY
                    when: workload == "prod/web"              | DENY
                    attributes: {forbidden: DEBUG}            | DENY
                    """)
    void whatDeniesByWhatIsNotKnownDeniesNothingYet(String condition, Effect effect) throws Exception {
        Policy policy = policy("""
                version: 1
                default: allow
                rules:
                  - {name: it, effect: deny, %s}
                """.formatted(condition.strip()));

        assertThat(policy.judgeToken(TOKEN).effect()).isEqualTo(effect);
    }

    @Test
    void aWarningThatDependsOnTheSvnIsEinitsToGive() throws Exception {
        assertThat(rules("- {name: it, effect: warn, isvSvn: ..2}")
                        .judgeToken(TOKEN)
                        .effect())
                .isEqualTo(Effect.ALLOW);
        assertThat(rules("- {name: it, effect: warn, workload: prod/*}")
                        .judgeToken(TOKEN)
                        .effect())
                .isEqualTo(Effect.WARN);
    }

    @Test
    void itRefusesNothingThatWouldLaunch() throws Exception {
        Random random = new Random(11);
        for (int round = 0; round < 2_000; round++) {
            Policy policy = random(random);
            PolicySubject some = subject();
            PolicySubject launch = new PolicySubject(
                    hash(random.nextInt(1, 3)),
                    some.mrSigner(),
                    random.nextInt(4),
                    random.nextInt(4),
                    some.attributes(),
                    random.nextInt(2),
                    4096L << random.nextInt(3),
                    random.nextBoolean() ? "a" : "b",
                    some.time());
            PolicySubject token = PolicySubject.ofToken(
                    launch.mrEnclave(), launch.mrSigner(), launch.attributes(), launch.workload(), launch.time());

            if (policy.judge(launch).effect().launches()) {
                assertThat(policy.judgeToken(token).effect().launches())
                        .as("round %d", round)
                        .isTrue();
            }
        }
    }

    private static Policy random(Random random) throws PolicyException {
        StringBuilder rules = new StringBuilder();
        List<String> conditions = List.of(
                "mrenclave: " + TestPolicies.hex(1),
                "workload: a",
                "isvProdId: ..1",
                "isvSvn: 2..",
                "miscSelect: {forbidden: 1}",
                "size: ..8KiB");
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            rules.append("- {name: r").append(i).append(", effect: ");
            rules.append(List.of("allow", "warn", "deny").get(random.nextInt(3)));
            boolean any = false;
            for (String condition : conditions) {
                if (random.nextInt(3) == 0) {
                    rules.append(", ").append(condition);
                    any = true;
                }
            }
            rules.append(any ? "}\n" : ", workload: '*'}\n");
        }
        return policy("version: 1\ndefault: %s\nrules:\n%s"
                .formatted(
                        random.nextBoolean() ? "allow" : "deny",
                        rules.toString().indent(2)));
    }
}
