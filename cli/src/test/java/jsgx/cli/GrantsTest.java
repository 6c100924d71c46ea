package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import jsgx.cli.demo.SgxProgram.Step;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What users may say of their launches under a daemon where the administrator granted it, over the daemon's own socket. */
@Timeout(300)
class GrantsTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct ";
    private static final String ALLOW = "version: 1\ndefault: allow\n";

    private static Hosted granting(String rights) throws Exception {
        Hosted hosted = Hosted.with("grants: [{uid: %d, may: [%s]}]\n".formatted(Hosted.uid(), rights));
        String deny = """
                version: 1
                default: allow
                rules:
                  - {name: not mine, effect: deny, mrsigner: %s, reason: it is too old}
                """.formatted(Samples.signer().mrSigner());
        hosted.user().file("deny.yaml", deny.getBytes(StandardCharsets.UTF_8));
        hosted.user().file("allow.yaml", ALLOW.getBytes(StandardCharsets.UTF_8));
        return hosted;
    }

    private static Jsgx.Run program(Hosted hosted, String options) {
        Jsgx.Run run = hosted.user().run(words(options));
        assumeThat(run.status())
                .as("programs cannot be supervised here: " + run.err())
                .isNotEqualTo(126);
        return run;
    }

    private static String[] words(String options) {
        List<String> words = new ArrayList<>(List.of("run"));
        if (!options.isEmpty()) {
            Pattern.compile(" ").splitAsStream(options).forEach(words::add);
        }
        words.addAll(List.of("--", "sh", "-c", "./program >out"));
        return words.toArray(String[]::new);
    }

    private static List<String> audited(Hosted hosted, String query) {
        return hosted.user().line("audit query --json " + query).out().lines().toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--workload team-a", "--placement none", "--policy allow.yaml"})
    void whatIsNotGrantedToThisUserIsRefusedAndNothingLaunches(String option) throws Exception {
        try (Hosted hosted =
                Hosted.with("grants: [{uid: %d, may: [policy, placement, workload]}]\n".formatted(Hosted.uid() + 1))) {
            hosted.user().file("allow.yaml", ALLOW.getBytes(StandardCharsets.UTF_8));
            String why = option.substring(0, option.indexOf(' ')) + " is the host's to say: it is not granted to user "
                    + Hosted.uid();

            Jsgx.Run run = program(hosted, option);
            assertThat(run.status()).isEqualTo(ExitStatus.RUN_FAILED);
            assertThat(run.err()).contains(why).hasLineCount(1);
            assertThat(hosted.folder().resolve("out")).doesNotExist();

            Jsgx.Run launch = hosted.user().line(LAUNCH + option);
            assertThat(launch.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(launch.err()).contains(why);
            assertThat(audited(hosted, "--kind outcome")).isEmpty();

            assertThat(program(hosted, "").status()).isZero();
        }
    }

    @Test
    void oneGrantIsNotAnother() throws Exception {
        try (Hosted hosted = granting("workload")) {
            assertThat(program(hosted, "--workload team-a --policy allow.yaml").err())
                    .contains("--policy is the host's to say");
            assertThat(program(hosted, "--workload team-a").status()).isZero();
        }
    }

    @Test
    void aRunIsChargedToTheWorkloadThatWasGranted() throws Exception {
        try (Hosted hosted = granting("workload")) {
            hosted.policy("""
                    version: 1
                    default: allow
                    quotas:
                      workloads:
                        team-a: {enclaves: 0}
                    """);
            Jsgx.Run over = program(hosted, "--workload team-a");
            assertThat(over.status()).isEqualTo(Step.INIT.exitStatus());
            assertThat(over.err()).contains("POLICY_QUOTA");
            assertThat(program(hosted, "--workload team-b").status()).isZero();
            assertThat(program(hosted, "").status()).isZero();

            assertThat(audited(hosted, "--workload team-a"))
                    .singleElement()
                    .asString()
                    .contains("POLICY_QUOTA");
            assertThat(audited(hosted, "--workload team-b")).isNotEmpty();
            assertThat(audited(hosted, "--workload uid:" + Hosted.uid()))
                    .anySatisfy(line -> assertThat(line).contains("SGX_SUCCESS"));
        }
    }

    @Test
    void aPolicyOfOnesOwnIsAskedBesidesTheHostsForRunsAndLaunches() throws Exception {
        try (Hosted hosted = granting("policy")) {
            Jsgx.Run run = program(hosted, "--policy deny.yaml");
            assertThat(run.status()).isEqualTo(Step.INIT.exitStatus());
            assertThat(run.err()).contains("POLICY_DENIED").contains("not mine").contains("it is too old");

            Jsgx.Run launch = hosted.user().line(LAUNCH + "--policy deny.yaml --json");
            assertThat(launch.status()).as(launch.err()).isEqualTo(ExitStatus.REFUSED);
            assertThat(launch.json()).containsEntry("code", "POLICY_DENIED");
            assertThat(hosted.user()
                            .line(LAUNCH + "--policy deny.yaml --dry-run")
                            .status())
                    .isEqualTo(ExitStatus.REFUSED);
            assertThat(audited(hosted, "--code POLICY_DENIED"))
                    .hasSize(2)
                    .allSatisfy(line -> assertThat(line).contains("not mine"));

            assertThat(program(hosted, "--policy allow.yaml").status()).isZero();
            assertThat(program(hosted, "").status()).isZero();
        }
    }

    @Test
    void theHostHasTheLastWord() throws Exception {
        try (Hosted hosted = granting("policy")) {
            hosted.policy("version: 1\ndefault: deny\n");
            assertThat(program(hosted, "--policy allow.yaml").status()).isEqualTo(Step.INIT.exitStatus());
            assertThat(hosted.user().line(LAUNCH + "--policy allow.yaml").status())
                    .isEqualTo(ExitStatus.REFUSED);
        }
    }

    @Test
    void aPolicyThatCannotBeUsedIsRefusedBeforeTheProgramBegins() throws Exception {
        try (Hosted hosted = granting("policy")) {
            hosted.user().file("wrong.yaml", "version: 1\ndefault: perhaps\n".getBytes(StandardCharsets.UTF_8));
            hosted.user().file("empty.yaml", new byte[0]);
            assertThat(program(hosted, "--policy wrong.yaml").err())
                    .contains("--policy")
                    .contains("perhaps");
            assertThat(program(hosted, "--policy empty.yaml").err()).contains("an empty file");
            assertThat(hosted.folder().resolve("out")).doesNotExist();
        }
    }

    @Test
    void aPlacementIsTheHostsOwnOrNone() throws Exception {
        try (Hosted hosted = granting("placement")) {
            Jsgx.Run other = program(hosted, "--placement kernel");
            assertThat(other.status()).isEqualTo(ExitStatus.RUN_FAILED);
            assertThat(other.err()).contains("this host keeps tokens in placement none");
            assertThat(program(hosted, "--placement none").status()).isZero();
            assertThat(Files.readString(hosted.folder().resolve("out"))).contains("42");
        }
    }
}
