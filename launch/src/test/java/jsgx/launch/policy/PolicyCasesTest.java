package jsgx.launch.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;

class PolicyCasesTest {

    private static PolicyCases cases(String text) throws PolicyException {
        return PolicyCases.parse(
                "cases.yaml", text.getBytes(StandardCharsets.UTF_8), InstantSource.fixed(TestPolicies.NOON));
    }

    @Test
    void aCaseIsJudgedWithWhatItSaysElseTheDefaultsElseZero() throws Exception {
        Policy policy = TestPolicies.rules("""
                - {name: it, effect: allow, isvSvn: 3, workload: a, size: 1MiB, attributes: {required: KSS}, time: {days: thu}}
                - {name: zero, effect: warn, isvSvn: 0, mrsigner: %s, attributes: {forbidden: DEBUG}}
                """.formatted(TestPolicies.hex(0)));
        List<PolicyCases.Result> results = cases("""
                defaults: {isvSvn: 3, workload: a, size: 1MiB}
                cases:
                  - {name: defaults, attributes: [KSS, DEBUG], expect: allow, rule: it}
                  - {name: own, isvSvn: 0, expect: warn, rule: zero}
                  - {name: other rule, isvSvn: 0, expect: warn, rule: it}
                  - {name: other effect, attributes: KSS, expect: deny}
                  - {name: other day, attributes: KSS, time: 2026-01-02, expect: deny}
                """).run(policy);

        assertThat(results).extracting(PolicyCases.Result::passed).containsExactly(true, true, false, false, true);
        assertThat(results.get(3).verdict().rule()).isEqualTo("it");
        assertThat(results.get(3).declared().line()).isEqualTo(6);
    }

    @Test
    void wrongCasesAreToldWithTheirPlace() {
        assertThatThrownBy(() -> cases("cases: [{name: a, expect: allowed}]"))
                .hasMessageContaining("cases.yaml:1:27: expected one of allow, deny, warn, found \"allowed\"");
        assertThatThrownBy(() -> cases("cases: [{name: a, expect: deny, svn: 3}]"))
                .hasMessageContaining("there is no \"svn\" here");
        assertThatThrownBy(() -> cases("cases: [{name: a, expect: deny, mrsigner: 12}]"))
                .hasMessageContaining("expected 64 hexadecimal digits, found \"12\"");
        assertThatThrownBy(() -> cases("defaults: {}")).hasMessageContaining("there is no \"cases\"");
    }
}
