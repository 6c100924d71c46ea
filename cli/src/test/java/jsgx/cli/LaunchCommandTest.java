package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchCommandTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct ";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "'', v5, launch-enclave",
        "--interface isgx, isgx, launch-enclave",
        "--interface mainline, mainline, none"
    })
    void anEnclaveLaunchesThroughEachInterface(String option, String driver, String source) {
        Jsgx.Run run = jsgx.line(LAUNCH + "--json " + option);

        assertThat(run.status()).as(run.err()).isZero();
        Map<String, Object> json = run.json();
        assertThat(json)
                .containsEntry("verdict", "launched")
                .containsEntry("code", "SGX_SUCCESS")
                .containsEntry("interface", driver)
                .containsEntry("ioctlResult", 0L)
                .containsEntry("mrsigner", Samples.signer().mrSigner())
                .containsEntry("attributes", "0x4")
                .containsEntry("xfrm", "0x3")
                .containsEntry("miscSelect", "0x0")
                .containsEntry("pages", 4L)
                .containsEntry("token", Map.of("source", source))
                .containsKeys("stage", "timeline", "explain");
        assertThat(json.get("mrenclave"))
                .isEqualTo(jsgx.line("measure enclave.sgxs --json").json().get("mrenclave"));
        assertThat(Jsgx.values(json.get("timeline"), "step"))
                .startsWith("ECREATE", "EADD")
                .endsWith("EINIT");
        assertThat(Jsgx.values(json.get("timeline"), "micros"))
                .allSatisfy(micros -> assertThat(micros).isInstanceOf(Number.class));
    }

    @ParameterizedTest
    @CsvSource({"v5, 4", "isgx, 4", "mainline, -1"})
    void aWrongMeasurementIsAnAnswer(String driver, long result) {
        Jsgx.Run run = jsgx.line("launch flipped.sgxs --sigstruct enclave.sigstruct --json --against enclave.sgxs"
                + " --interface " + driver);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.json())
                .containsEntry("verdict", "refused")
                .containsEntry("stage", "leaf")
                .containsEntry("code", "SGX_INVALID_MEASUREMENT")
                .containsEntry("ioctlResult", result);
        assertThat(String.valueOf(run.json().get("explain")))
                .contains("SDM 3D, EINIT")
                .contains("0x2000");
    }

    @Test
    void aRefusalIsExplainedToPeople() {
        Jsgx.Run run = jsgx.line("launch flipped.sgxs --sigstruct enclave.sigstruct --against enclave.sgxs");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).isEmpty();
        assertThat(run.out())
                .contains("\nrefused  EINIT: SGX_INVALID_MEASUREMENT (4)")
                .containsPattern("\n  expected +[0-9a-f]{8}…[0-9a-f]{6}\n")
                .contains("page 0x2000 differs from offset 0x2009 on, 1 byte")
                .contains("\n  what to do  ")
                .doesNotContainPattern("[0-9a-f]{32}");
    }

    @Test
    void attributesOfTheCommandLineStandInPlaceOfTheSigstructs() {
        Map<String, Object> debug =
                jsgx.line(LAUNCH + "--attributes 0x6 --json").json();
        Jsgx.Run reserved = jsgx.line(LAUNCH + "--attributes 0xc --json");

        assertThat(debug).containsEntry("verdict", "launched").containsEntry("attributes", "0x6");
        assertThat(reserved.status()).isEqualTo(1);
        assertThat(reserved.json()).containsEntry("stage", "driver").containsEntry("code", "DRIVER_EINVAL");
    }

    @Test
    void aTokenIsKeptForItsOwnerAndLaunchesAgain() throws Exception {
        assertThat(jsgx.line(LAUNCH + "--interface isgx --save-token t").status())
                .isZero();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("t"))))
                .isEqualTo("rw-------");
        assertThat(jsgx.line(LAUNCH + "--interface isgx --token t --json").json())
                .containsEntry("verdict", "launched")
                .containsEntry("token", Map.of("source", "caller"));
    }

    @Test
    void aTokenOfAnotherOwnerEpochIsRefused() {
        jsgx.line("platform set --owner-epoch new");

        Jsgx.Run run = jsgx.line(LAUNCH + "--interface isgx --token enclave.token --json");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.json())
                .containsEntry("stage", "token")
                .containsEntry("code", "SGX_INVALID_EINITTOKEN")
                .containsEntry("ioctlResult", 16L);
    }

    @Test
    void theEpcMayBeOfAnySizeThatHoldsSomething() {
        assertThat(jsgx.line(LAUNCH + "--epc 1MiB").status()).isZero();
        assertThat(jsgx.line(LAUNCH + "--epc 8K").status()).isEqualTo(1);
    }

    @Test
    void anEnclaveWithoutSigstructCannotBeLaunched() {
        Jsgx.Run run = jsgx.line("launch enclave.sgxs");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("carries no SIGSTRUCT: name one with --sigstruct");
    }

    @Test
    void whatIsNoTokenOrSigstructIsWrongInput() {
        assertThat(jsgx.line(LAUNCH + "--interface isgx --token key.pem").status())
                .isEqualTo(2);
        assertThat(jsgx.line("launch enclave.sgxs --sigstruct key.pem").err())
                .contains("key.pem: not a SIGSTRUCT: expected 1808 bytes");
        assertThat(List.of(jsgx.line(LAUNCH + "--interface isgx --save-token no/such/t")
                        .status()))
                .containsExactly(2);
    }

    @Test
    void aHomeThatCannotBeWrittenIsSaidInOneLine() {
        Jsgx.Run run = jsgx.with("HOME", "/dev/null").line(LAUNCH);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains("/dev/null");
    }
}
