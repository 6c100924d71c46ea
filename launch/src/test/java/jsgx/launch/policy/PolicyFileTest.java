package jsgx.launch.policy;

import static jsgx.launch.policy.TestPolicies.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.yaml.YamlError;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy file may say, and what is told where it is wrong. */
class PolicyFileTest {

    @Test
    void everythingThatIsWrongIsToldInOneGoWithLineColumnAndACaret() {
        String text = """
                version: 2
                mode: enforced
                rules:
                  - name: x
                    effect: alow
                    isvSnv: 3
                    isvSvn: 5..3
                    attributes: {required: [DEBUGG], forbidden: KSS}
                    when: isvSvn < foo
                  - name: x
                    effect: deny
                    when: |
                      isvSvn < 3 &&
                        isvProdId == "a"
                  - {name: y, effect: deny, mrenclave: abcd, when: "size ="}
                  - name: z
                    effect: deny
                    time: {from: 2026-13-01, daily: 25:00-26:00, days: [monday]}
                """;

        assertThat(told(text)).isEqualTo("""
                policy.yaml:1:1: there is no "default": expected allow or deny, for what no rule matches
                    1 | version: 2
                      | ^
                policy.yaml:1:10: expected 1, found "2"
                    1 | version: 2
                      |          ^
                policy.yaml:2:7: expected enforce or audit, found "enforced"
                    2 | mode: enforced
                      |       ^
                policy.yaml:5:13: expected one of allow, deny, warn, found "alow"
                    5 |     effect: alow
                      |             ^
                policy.yaml:6:5: there is no "isvSnv" here; did you mean "isvSvn"?
                    6 |     isvSnv: 3
                      |     ^
                policy.yaml:7:13: an empty range: its first number is above its last
                    7 |     isvSvn: 5..3
                      |             ^
                policy.yaml:8:29: there is no attribute "DEBUGG"; did you mean "DEBUG"?
                    8 |     attributes: {required: [DEBUGG], forbidden: KSS}
                      |                             ^
                policy.yaml:9:20: the expression: undeclared reference to 'foo' (in container '')
                    9 |     when: isvSvn < foo
                      |                    ^
                policy.yaml:10:11: a second rule "x": the first is in line 4
                   10 |   - name: x
                      |           ^
                policy.yaml:14:21: the expression: found no matching overload for '_==_' applied to '(int, string)' (candidates: (%A0, %A0))
                   14 |         isvProdId == "a"
                      |                     ^
                policy.yaml:15:40: expected 64 hexadecimal digits, found "abcd", 4 characters
                   15 |   - {name: y, effect: deny, mrenclave: abcd, when: "size ="}
                      |                                        ^
                policy.yaml:15:58: the expression: token recognition error at: '='
                   15 |   - {name: y, effect: deny, mrenclave: abcd, when: "size ="}
                      |                                                          ^
                policy.yaml:18:18: expected a time such as 2026-01-31 or 2026-01-31T08:00:00Z, found "2026-13-01"
                   18 |     time: {from: 2026-13-01, daily: 25:00-26:00, days: [monday]}
                      |                  ^
                policy.yaml:18:37: expected hours such as 08:00-18:00, found "25:00-26:00"
                   18 |     time: {from: 2026-13-01, daily: 25:00-26:00, days: [monday]}
                      |                                     ^
                policy.yaml:18:57: expected a day such as mon, or several such as mon-fri, found "monday"
                   18 |     time: {from: 2026-13-01, daily: 25:00-26:00, days: [monday]}
                      |                                                         ^
                """);
    }

    private static String told(String text) {
        PolicyException e = catchThrowableOfType(PolicyException.class, () -> TestPolicies.policy(text));
        return e.errors().stream()
                .map(error -> error + "\n" + error.snippet() + "\n")
                .collect(Collectors.joining());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    ''                                  | 1:1: an empty file
                    []                                  | 1:1: expected keys with values, found a list
                    text                                | 1:1: expected keys with values, found "text"
                    {default: deny}                     | 1:1: there is no "version"
                    {version: 1}                        | 1:1: there is no "default"
                    {version: 1, default: warn}         | 1:23: expected one of allow, deny, found "warn"
                    {version: 1, default: deny, rules: 3} | 1:36: expected a list of rules, found "3"
                    {version: 1, default: deny, rules:} | 1:35: expected a list of rules, found nothing
                    {version: 1, default: deny, rules: [3]} | 1:37: expected keys with values, found "3"
                    {version: 1, default: deny, sequence: 0} | 1:39: expected a number from 1
                    {version: 1, default: deny, sequence: 01} | 1:39: expected a number from 1
                    {version: 1, default: deny, sequence: -1} | 1:39: expected a number from 1
                    {version: 1, default: deny, default: allow} | 1:29: "default" stands here a second time: the first is in line 1
                    {version: 1, default: deny, <<: {a: b}} | 1:29: there is no "<<" here
                    {version: 1, default: &x deny}      | 1:23: an anchor
                    {version: 1, default: *x}           | 1:23: an alias
                    {version: 1, default: !!str deny}   | 1:23: a tag
                    {version: 1, default: deny, rules: !x []} | 1:36: a tag
                    {version: 1, [a]: deny}             | 1:14: expected a key, found a list
                    {version: 1, default: deny          | this is not YAML
                    {version: 1, default: deny, quotas: 3} | 1:37: expected keys with values
                    {version: 1, default: deny, quotas: {default: {enclaves: -1}}} | 1:58: expected a number from 0
                    {version: 1, default: deny, quotas: {default: {enclave: 1}}} | did you mean "enclaves"?
                    {version: 1, default: deny, quotas: {default: {launchesPerSecond: 0}}} | 1:67: expected a number above 0
                    {version: 1, default: deny, quotas: {default: {cachedTokens: {floor: 2KiB, ceiling: 1KiB}}}} | 1:62: the floor is above the ceiling
                    {version: 1, default: deny, quotas: {workloads: [a]}} | 1:49: expected the names of workloads
                    """)
    void wrongFiles(String text, String message) {
        assertThatThrownBy(() -> TestPolicies.policy(text))
                .isInstanceOf(PolicyException.class)
                .hasMessageStartingWith("policy.yaml")
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    effect: allow, isvSvn: 1                        | there is no "name"
                    name: x, isvSvn: 1                              | there is no "effect"
                    name: x, effect: allow                          | a rule without a condition
                    name: x, effect: allow, reason: y               | a rule without a condition
                    name: x, effect: allow, isvSvn: 65536           | expected a number from 0 to 65535
                    name: x, effect: allow, isvSvn: three           | expected a number from 0 to 65535
                    name: x, effect: allow, isvSvn: []              | an empty list
                    name: x, effect: allow, isvSvn: ..              | expected a number from 0 to 65535
                    name: x, effect: allow, attributes: DEBUG       | expected keys with values, found "DEBUG"
                    name: x, effect: allow, attributes: {}          | nothing is required or forbidden
                    name: x, effect: allow, attributes: {required: DEBUG, forbidden: DEBUG} | the rule could never match
                    name: x, effect: allow, attributes: {required: INIT} | there is no attribute "INIT"
                    name: x, effect: allow, miscSelect: 0x100000000 | expected a mask such as 0x3, of 32 bits
                    name: x, effect: allow, xfrm: 0x10000000000000000 | expected a mask such as 0x3, of 64 bits
                    name: x, effect: allow, size: 64MB              | expected a size such as 64MiB
                    name: x, effect: allow, size: 9000000TiB..      | expected a size such as 64MiB
                    name: x, effect: allow, workload: {a: b}        | expected the name of a workload
                    name: x, effect: allow, time: {from: 2026-02-01, until: 2026-01-01} | "from" is not before "until"
                    name: x, effect: allow, time: {zone: UTC}       | no time: expected at least one of
                    name: x, effect: allow, time: {zone: Mars/Olympus, days: mon} | expected a time zone
                    name: x, effect: allow, time: {daily: 08:00-08:00} | expected hours such as
                    name: x, effect: allow, mrsigner: {file: a, whiteList: b} | expected either "file" or "whiteList"
                    name: x, effect: allow, mrenclave: {whiteList: b} | there is no "file"
                    name: x, effect: allow, mrenclave: {file: missing} | missing: no such file
                    name: x, effect: allow, when: isvSvn            | expected type 'bool' but found 'int'
                    name: x, effect: allow, when: ''                | the expression
                    """)
    void wrongRules(String rule, String message) {
        assertThatThrownBy(() -> TestPolicies.rules("- {" + rule + "}"))
                .isInstanceOf(PolicyException.class)
                .hasMessageContaining(message);
    }

    @Test
    void rulesBeforeAPlaceThatIsNotYamlAreToldOfToo() {
        String text = """
                version: 1
                default: allow
                rules:
                  - {name: x, effect: alow, isvSvn: 3}
                  - {name: y, effect: deny
                """;

        assertThat(told(text))
                .contains("policy.yaml:4:23: expected one of allow, deny, warn, found \"alow\"")
                .contains("policy.yaml:6:1: this is not YAML");
    }

    @Test
    void aSecondListOfRulesIsToldOf() {
        String text = """
                version: 1
                rules:
                  - {name: x, effect: deny, isvSvn: 3}
                default: allow
                rules:
                  - {name: x, effect: deny, isvSvn: 4}
                """;

        assertThat(told(text))
                .contains("policy.yaml:5:1: \"rules\" stands here a second time: the first is in line 2")
                .contains("policy.yaml:6:12: a second rule \"x\": the first is in line 3");
    }

    @Test
    void aListOfRulesElsewhereInTheFileHasNone() {
        String text = """
                version: 1
                default: allow
                quotas: {rules: [{name: x, effect: alow}]}
                """;

        assertThat(told(text))
                .contains("policy.yaml:3:10: there is no \"rules\" here")
                .doesNotContain("alow\"");
    }

    @Test
    void aListFileHasOneHashALine() throws Exception {
        Map<String, byte[]> files = Map.of(
                "list.txt",
                ("# reviewed\r\n" + hex(1) + "\r\n\r\n  " + hex(0xab).toUpperCase(Locale.ROOT) + "  # b\n")
                        .getBytes(StandardCharsets.UTF_8));
        Policy policy = TestPolicies.policy("""
                version: 1
                default: deny
                rules: [{name: it, effect: allow, mrenclave: {file: list.txt}}]
                """, files);

        assertThat(policy.counts().enclaves()).isEqualTo(2);
        assertThat(policy.judge(TestPolicies.subject()).effect()).isEqualTo(Effect.ALLOW);
    }

    @Test
    void whatIsWrongInAListFileIsToldWithItsOwnNameAndLine() {
        Map<String, byte[]> files = Map.of(
                "list.txt", (hex(1) + "\n  abc # x\n" + hex(2) + "0\n").getBytes(StandardCharsets.UTF_8),
                "empty.txt", "# nothing\n".getBytes(StandardCharsets.UTF_8));

        PolicyException e = catchThrowableOfType(PolicyException.class, () -> TestPolicies.policy("""
                version: 1
                default: deny
                rules:
                  - {name: a, effect: allow, mrenclave: {file: list.txt}}
                  - {name: b, effect: alow, mrsigner: {file: empty.txt}}
                """, files));

        assertThat(e.errors())
                .extracting(YamlError::toString)
                .containsExactly(
                        "policy.yaml:5:23: expected one of allow, deny, warn, found \"alow\"",
                        "list.txt:2:3: expected 64 hexadecimal digits, found 3 characters",
                        "list.txt:3:1: expected 64 hexadecimal digits, found 65 characters",
                        "empty.txt: no hash in this file: expected at least one line of 64 hexadecimal digits");
    }

    @Test
    void aFileThatIsNamedWithItsHashMustHaveIt() {
        Map<String, byte[]> files = Map.of("list.txt", (hex(1) + "\n").getBytes(StandardCharsets.UTF_8));
        String policy = """
                version: 1
                sequence: 1
                default: deny
                rules: [{name: a, effect: allow, mrenclave: {file: list.txt%s}}]
                """;
        Includes included = TestPolicies.included(files);
        String right =
                Hash256.digest(files.getOrDefault("list.txt", new byte[0])).toString();

        assertThatThrownBy(() -> parse(policy.formatted(", sha256: " + hex(1)), included, false))
                .hasMessageContaining("list.txt is another file: expected SHA-256 " + hex(1) + ", found " + right);
        assertThatThrownBy(() -> parse(policy.formatted(""), included, true))
                .hasMessageContaining("a signed policy names each file with its \"sha256\"");
        assertThatCode(() -> parse(policy.formatted(", sha256: " + right), included, true))
                .doesNotThrowAnyException();
    }

    private static Policy parse(String text, Includes included, boolean signed) throws PolicyException {
        return PolicyFile.parse("policy.yaml", text.getBytes(StandardCharsets.UTF_8), included, signed);
    }

    @Test
    void quotasThatAreNotStatedAreThoseOfTheDefault() throws Exception {
        QuotaTable quotas = TestPolicies.policy("""
                version: 1
                default: deny
                quotas:
                  default: {enclaves: 10, launchesPerSecond: 2.5, cachedTokens: {ceiling: 1MiB}}
                  workloads:
                    a: {epcPages: 100, launchBurst: 7}
                    b: {launchesPerSecond: 100, cachedTokens: {floor: 4KiB}}
                """).quotas();

        assertThat(quotas.of("other")).isEqualTo(new WorkloadQuota(10, 2.5, 3, 0, 1 << 20, Long.MAX_VALUE));
        assertThat(quotas.of("a")).isEqualTo(new WorkloadQuota(10, 2.5, 7, 0, 1 << 20, 100));
        assertThat(quotas.of("b")).isEqualTo(new WorkloadQuota(10, 100, 100, 4096, 1 << 20, Long.MAX_VALUE));
        assertThat(TestPolicies.rules("[]").quotas()).isEqualTo(QuotaTable.UNLIMITED);
    }

    @Test
    void aMillionAliasesAreOneError() {
        String bomb = "a: &a [x]\n"
                + IntStream.range(0, 1000)
                        .mapToObj(i -> "b%d: &b%d [*a, *a, *a]\n".formatted(i, i))
                        .collect(Collectors.joining());

        assertThatThrownBy(() -> TestPolicies.policy(bomb)).hasMessageContaining("1:4: an anchor");
    }

    @Test
    void nestingHasAnEnd() {
        assertThatThrownBy(() -> TestPolicies.policy("version: " + "[".repeat(1_000_000)))
                .hasMessageContaining("nested too deep: expected at most 16 levels");
        assertThatThrownBy(() -> TestPolicies.policy("- ".repeat(100_000))).hasMessageContaining("nested too deep");
    }

    @Test
    void aFileThatIsTooLargeIsNotLookedAt() {
        byte[] huge = new byte[(32 << 20) + 1];
        Arrays.fill(huge, (byte) '#');

        assertThatThrownBy(() -> PolicyFile.parse("policy.yaml", huge, Includes.NONE, false))
                .hasMessage("policy.yaml: 33554433 bytes, expected at most 33554432: it is no such file");
    }

    @Test
    void bytesThatAreNoTextAreToldWithLineAndColumn() {
        assertThatThrownBy(() -> parse(new byte[] {'a', ':', '\n', 'b', (byte) 0xff}))
                .hasMessage("policy.yaml:2:2: this is not UTF-8: byte 0xff at offset 4");
        assertThatThrownBy(() -> parse("version: 1\ndefault: \0deny\n".getBytes(StandardCharsets.UTF_8)))
                .hasMessageStartingWith("policy.yaml:2:10: ")
                .hasMessageContaining("U+0000");
        assertThatThrownBy(() -> parse(new byte[] {(byte) 0xc3})).hasMessageContaining("this is not UTF-8");
    }

    private static Policy parse(byte[] content) throws PolicyException {
        return PolicyFile.parse("policy.yaml", content, Includes.NONE, false);
    }

    /** Found by feeding the reader what it cannot read: its messages quoted the line's end as it was. */
    @Test
    void anErrorIsOneLine() {
        PolicyException e =
                catchThrowableOfType(PolicyException.class, () -> TestPolicies.policy("version: 1\ndefault: &\n"));

        assertThat(e.errors())
                .singleElement()
                .satisfies(error -> assertThat(error.message())
                        .startsWith("this is not YAML: ")
                        .doesNotContain("\n"));
    }

    @Test
    void aHundredErrorsAreEnough() {
        String rules = "- {name: x, effect: no}\n".repeat(500);

        PolicyException e = catchThrowableOfType(PolicyException.class, () -> TestPolicies.rules(rules));

        assertThat(e.errors()).hasSize(100);
    }

    @Test
    void theDocumentedBoundsOfAnExpressionHold() {
        assertThatThrownBy(() -> when("'%s' == workload".formatted("x".repeat(2_000))))
                .hasMessageContaining("the expression");
        assertThatThrownBy(() -> when("(".repeat(100) + "true" + ")".repeat(100)))
                .hasMessageContaining("the expression");
        assertThatThrownBy(() -> when("size([1%s]) > 0".formatted(",1".repeat(600))))
                .hasMessageContaining("the expression");
    }

    @Test
    void anExpressionThatLoopsFailsAfterAThousandTurns() throws Exception {
        String ten = "[0,1,2,3,4,5,6,7,8,9]";
        Policy policy =
                when("%s.all(a, %s.all(b, %s.all(c, %s.all(d, a + b + c + d >= 0))))".formatted(ten, ten, ten, ten));

        assertThat(policy.judge(TestPolicies.subject()).rule()).isEqualTo("default");
        assertThat(policy.explain(TestPolicies.subject())
                        .rules()
                        .getFirst()
                        .checks()
                        .getFirst()
                        .found())
                .contains("it fails")
                .contains("1000");
    }

    private static Policy when(String expression) throws PolicyException {
        return TestPolicies.rules("- {name: x, effect: allow, when: \"%s\"}".formatted(expression));
    }

    @Test
    void ninetyNineThousandIdentitiesLoad() throws Exception {
        String lines =
                IntStream.range(0, 99_000).mapToObj(i -> "%064x\n".formatted(i)).collect(Collectors.joining());
        String list = IntStream.range(0, 99_000)
                .mapToObj(i -> "      - %064x\n".formatted(i))
                .collect(Collectors.joining());
        Policy included = TestPolicies.policy(
                "version: 1\ndefault: deny\nrules: [{name: a, effect: allow, mrenclave: {file: l}}]\n",
                Map.of("l", lines.getBytes(StandardCharsets.UTF_8)));
        Policy inline = TestPolicies.policy(
                "version: 1\ndefault: deny\nrules:\n  - name: a\n    effect: allow\n    mrenclave:\n" + list);

        assertThat(included.counts().enclaves()).isEqualTo(99_000);
        assertThat(inline.counts()).isEqualTo(included.counts());
    }
}
