package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyCommandTest {

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void files() {
        jsgx = new Jsgx(folder);
        Samples.policiesIn(jsgx);
    }

    private Path state(String name) {
        return folder.resolve("home/.local/state/jsgx").resolve(name);
    }

    private void write(String name, String text) {
        jsgx.file(name, text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void checkSaysWhatAPolicyHas() {
        Jsgx.Run run = jsgx.line("policy check policy.yaml");

        assertThat(run.status()).isZero();
        assertThat(run.out()).isEqualTo("""
                valid  policy.yaml  4 rules (2 allow, 1 warn, 1 deny), default deny, mode enforce

                  found by hash      2 MRENCLAVEs, 1 MRSIGNER
                  looked at in turn  2 rules, 1 expression in all rules
                  quotas             of prod/web
                  sequence           none
                """);
        assertThat(jsgx.line("policy check policy.yaml --json").json())
                .containsEntry("valid", true)
                .containsEntry("rules", 4L)
                .containsEntry("default", "deny")
                .containsEntry("quotas", List.of("prod/web"));
    }

    @Test
    void checkTellsAllErrorsWithTheirPlaces() {
        write("bad.yaml", "version: 1\nmode: enforced\ndefault: deny\nruls: []\n");

        Jsgx.Run run = jsgx.line("policy check bad.yaml");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEqualTo("""
                not valid  2 errors

                bad.yaml:2:7: expected enforce or audit, found "enforced"
                    2 | mode: enforced
                      |       ^

                bad.yaml:4:1: there is no "ruls" here; did you mean "rules"?
                    4 | ruls: []
                      | ^
                """);
        Map<String, Object> json = jsgx.line("policy check bad.yaml --json").json();
        assertThat(json).containsEntry("valid", false);
        assertThat(Jsgx.values(json.get("errors"), "line")).containsExactly(2L, 4L);
    }

    @Test
    void testShowsWhatDiffers() {
        assertThat(jsgx.line("policy test policy.yaml cases.yaml").out()).isEqualTo("passed  5 cases\n");
        write("cases.yaml", """
                cases:
                  - {name: it launches, workload: prod/web, attributes: DEBUG, expect: allow, rule: team a}
                  - {name: nothing else does, expect: deny}
                """);

        Jsgx.Run run = jsgx.line("policy test policy.yaml cases.yaml");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEqualTo("""
                failed  it launches (cases.yaml:2)
                  expected  allow: rule "team a"
                  found     deny: rule "no debug in production" (policy.yaml:7)

                failed  1 of 2 cases
                """);
        assertThat(jsgx.line("policy test policy.yaml cases.yaml --json").json())
                .containsEntry("passed", 1L)
                .containsEntry("failed", 1L);
    }

    @Test
    void explainSaysWhichRuleDecidesAndWhichNearlyMatch() {
        String fields = " --attributes 0x6 --workload prod/web --svn 3 --product-id 7 --time 2026-06-01T09:00:00Z"
                + " --mrsigner 83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e";

        Jsgx.Run run = jsgx.line("policy explain policy.yaml" + fields);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEqualTo("""
                deny  rule "no debug in production" (policy.yaml:7)
                  a debugger reads what such an enclave holds

                matches
                  deny  "no debug in production" (policy.yaml:7)
                    attributes  with DEBUG: found DEBUG|MODE64BIT xfrm=0x0
                    workload    prod/*: found prod/web
                  allow  "team a" (policy.yaml:14)
                    mrsigner    83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e: found
                                83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e
                    isvProdId   7: found 7
                    isvSvn      3..: found 3
                    attributes  without PROVISIONKEY, EINITTOKENKEY: found DEBUG|MODE64BIT xfrm=0x0

                matches but for one condition
                  warn  "trials" (policy.yaml:29)
                    workload  expected dev/* or ci, found prod/web
                  allow  "reviewed enclaves" (policy.yaml:22)
                    mrenclave  expected one of 2 hashes, found 0000000000000000000000000000000000000000000000000000000000000000
                """);
        Map<String, Object> json =
                jsgx.line("policy explain policy.yaml --json" + fields).json();
        assertThat(json).containsEntry("verdict", "deny").containsEntry("code", "POLICY_DENIED");
        assertThat(Jsgx.values(json.get("matching"), "rule")).containsExactly("no debug in production", "team a");
    }

    @Test
    void explainReadsAnEnclaveAndItsSigstruct() {
        Jsgx signed = Samples.signedIn(folder);

        Map<String, Object> json = signed.line(
                        "policy explain policy.yaml --enclave enclave.sgxs --sigstruct enclave.sigstruct --json")
                .json();

        assertThat(Jsgx.value(json.get("subject"), "isvProdId")).isEqualTo(7L);
        assertThat(Jsgx.value(json.get("subject"), "isvSvn")).isEqualTo(3L);
        assertThat(String.valueOf(Jsgx.value(json.get("subject"), "mrsigner"))).doesNotMatch("0{64}");
        assertThat(Jsgx.values(json.get("nearlyMatching"), "rule")).contains("team a");
    }

    @Test
    void reloadPutsAPolicyInForceAndCountsTheRevision() throws IOException {
        long first = revision(jsgx.line("policy reload policy.yaml --json"));
        Jsgx.Run bad = reloadBad();

        assertThat(bad.status()).isEqualTo(1);
        assertThat(Files.readAllBytes(state("policy.yaml")))
                .isEqualTo(Files.readAllBytes(folder.resolve("policy.yaml")));
        assertThat(jsgx.line("policy check").out()).contains("4 rules");
        assertThat(revision(jsgx.line("policy reload --json"))).isEqualTo(first + 1);
    }

    private Jsgx.Run reloadBad() {
        write("bad.yaml", "version: 1\n");
        return jsgx.line("policy reload bad.yaml");
    }

    private static long revision(Jsgx.Run run) {
        assertThat(run.status()).as(run.err() + run.out()).isZero();
        return (Long) run.json().getOrDefault("revision", -1L);
    }

    @Test
    void aSignedPolicyGoesThroughItsLife() throws IOException {
        assertThat(jsgx.line("policy reload signed.yaml").status()).isZero();
        Files.write(state("policy.pub"), Samples.policyPublicKey());

        assertThat(jsgx.line("policy reload signed.yaml").out()).contains("it is not signed");
        Jsgx.Run signed = jsgx.line("policy sign signed.yaml --key policy.key");
        assertThat(signed.out()).startsWith("signed  signed.yaml  sequence 12, 1 rule");
        assertThat(jsgx.line("policy reload signed.yaml --json").json()).containsEntry("signed", true);
        assertThat(jsgx.line("policy sign policy.yaml --key policy.key").out()).contains("there is no \"sequence\"");

        write("older.yaml", "version: 1\nsequence: 11\ndefault: deny\n");
        jsgx.line("policy sign older.yaml --key policy.key -o older.signed.yaml");
        assertThat(jsgx.line("policy reload older.signed.yaml").out())
                .contains("expected a sequence number of 12 or more, found 11");
        assertThat(jsgx.line("policy reload older.signed.yaml --accept-rollback")
                        .out())
                .contains("rolled back  from sequence 12 to 11");
        assertThat(jsgx.line("policy check").status()).isZero();
        assertThat(jsgx.line("audit query --json").out())
                .contains("\"accept-rollback\"")
                .contains("sequence 11, which is lower than 12 before it");
    }

    @Test
    void aKeyThatIsNoneIsRefusedAndThePolicyStaysAsItWas() throws IOException {
        write("wrong.key", "no key\n");
        byte[] before = Files.readAllBytes(folder.resolve("signed.yaml"));

        Jsgx.Run run = jsgx.line("policy sign signed.yaml --key wrong.key");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).contains("wrong.key: no Ed25519 key in PKCS #8 PEM");
        assertThat(Files.readAllBytes(folder.resolve("signed.yaml"))).isEqualTo(before);
    }
}
