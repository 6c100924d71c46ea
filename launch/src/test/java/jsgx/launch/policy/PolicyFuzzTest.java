package jsgx.launch.policy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** Whatever is given out for a policy: it is read, or refused with the place of what is wrong. */
class PolicyFuzzTest {

    private static final byte[] HEAD = "version: 1\ndefault: deny\n".getBytes(StandardCharsets.UTF_8);

    @FuzzTest
    void policy(byte[] bytes) {
        parse(bytes);
    }

    /** Past the first lines, which are hard to guess. */
    @FuzzTest
    void rules(byte[] bytes) {
        byte[] whole = new byte[HEAD.length + bytes.length];
        System.arraycopy(HEAD, 0, whole, 0, HEAD.length);
        System.arraycopy(bytes, 0, whole, HEAD.length, bytes.length);
        parse(whole);
    }

    private static void parse(byte[] bytes) {
        try {
            Policy policy = PolicyFile.parse("policy.yaml", bytes, Includes.NONE, false);
            PolicySubject subject = TestPolicies.subject();
            String rule = policy.judge(subject).rule();
            String explained = policy.explain(subject).matching().stream()
                    .findFirst()
                    .map(PolicyExplanation.RuleTrace::rule)
                    .orElse("default");
            if (!rule.equals(explained)) {
                throw new AssertionError("judged by %s, explained by %s".formatted(rule, explained));
            }
        } catch (PolicyException e) {
            if (e.errors().isEmpty()
                    || e.errors().stream().anyMatch(error -> error.message().contains("\n"))) {
                throw new AssertionError("each error is one line", e);
            }
        }
    }
}
