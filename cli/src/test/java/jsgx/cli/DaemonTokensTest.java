package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code jsgx token get} where a daemon has the launch enclave: over its driver's socket, by who the kernel says asks. */
@Timeout(300)
class DaemonTokensTest {

    private static final String GET = "token get mine enclave.sgxs --sigstruct enclave.sigstruct ";

    private static String me() throws Exception {
        return "uid:" + Hosted.uid();
    }

    private static List<String> tokens(Hosted hosted) {
        return hosted.user()
                .line("audit query --json --kind token")
                .out()
                .lines()
                .toList();
    }

    @Test
    void theDaemonsLaunchEnclaveMakesItAndItLaunchesThere() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            Jsgx.Run get = hosted.user().line(GET + "-o mine.token --json");
            assertThat(get.status()).as(get.err()).isZero();
            String platform =
                    hosted.daemon().host().context().running().platform().id();
            assertThat(get.json())
                    .containsEntry("source", "launch-enclave")
                    .containsEntry("platform", platform)
                    .containsEntry("kept", true);
            assertThat(tokens(hosted)).singleElement().asString().contains("\"workload\":\"" + me() + "\"");

            Jsgx.Run launch = hosted.user()
                    .line(
                            "launch enclave.sgxs --sigstruct enclave.sigstruct --interface isgx --token mine.token --json");
            assertThat(launch.status()).as(launch.out()).isZero();
            assertThat(Jsgx.value(launch.json().get("token"), "source")).isEqualTo("caller");

            assertThat(hosted.user().line(GET + "--json").json()).containsEntry("source", "store");
            assertThat(tokens(hosted)).hasSize(1);
        }
    }

    @Test
    void itIsKeptInTheUsersOwnStoreAndNotInTheHosts() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            assertThat(hosted.user().line(GET).status()).isZero();
            assertThat(hosted.user().line("token list --json").json()).containsEntry("tokens", List.of());
            Object own = hosted.user()
                    .with("JSGX_RUN", "none")
                    .line("token list --json")
                    .json()
                    .get("tokens");
            assertThat(Jsgx.values(Objects.requireNonNull(own), "label")).contains("mine");
        }
    }

    @Test
    void whatItsPolicyRefusesIsRefusedAndRecorded() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            hosted.policy("version: 1\ndefault: deny\n");
            Jsgx.Run get = hosted.user().line(GET + "--json");
            assertThat(get.status()).isEqualTo(ExitStatus.REFUSED);
            assertThat(get.json()).containsEntry("source", "none");
            assertThat(String.valueOf(get.json().get("explain"))).contains("POLICY_DENIED");
            assertThat(tokens(hosted)).singleElement().asString().contains("POLICY_DENIED", me());
        }
    }

    @Test
    void aWorkloadHasSoManyASecond() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            hosted.policy("""
                    version: 1
                    default: allow
                    quotas:
                      workloads:
                        %s: {launchesPerSecond: 0.001, launchBurst: 1}
                    """.formatted(me()));
            assertThat(hosted.user().line(GET).status()).isZero();
            Jsgx.Run get = hosted.user().line(GET.replace("mine", "other"));
            assertThat(get.status()).isEqualTo(ExitStatus.REFUSED);
            assertThat(get.out()).contains("POLICY_QUOTA");
        }
    }

    @Test
    void withoutTheDaemonThatIsNamedThereIsNoToken() throws Exception {
        try (Hosted hosted = Hosted.with("")) {
            Jsgx.Run get = hosted.user()
                    .with("JSGX_RUN", hosted.folder().resolve("nowhere").toString())
                    .line(GET);
            assertThat(get.status()).isEqualTo(ExitStatus.WRONG_USAGE);
            assertThat(get.err())
                    .contains("no daemon answers")
                    .contains("JSGX_RUN=none")
                    .hasLineCount(1);
        }
    }
}
