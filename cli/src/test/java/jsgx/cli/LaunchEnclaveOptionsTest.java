package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import jsgx.image.EnclavePage;
import jsgx.image.SigningKey;
import jsgx.launch.le.LaunchEnclave;
import jsgx.launch.le.LeProfile;
import jsgx.launch.le.WhiteList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Launch enclaves that a user brings, as files. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LaunchEnclaveOptionsTest {

    private static final String LAUNCH = "launch enclave.sgxs --sigstruct enclave.sigstruct --json ";
    private static final String OTHER = "--le le.bin --le-sigstruct le.sigstruct";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
        LaunchEnclave enclave = LaunchEnclave.of(Samples.signer(), LeProfile.V5, WhiteList.NONE);
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        for (EnclavePage page : enclave.image().pages()) {
            blob.writeBytes(SigstructFields.bytes(page.content()));
        }
        jsgx.file("le.bin", blob.toByteArray());
        jsgx.file("le.sigstruct", SigstructFields.bytes(enclave.sigstruct().memory()));
    }

    @Test
    void theLaunchEnclavesOwnCodeMakesTheToken() {
        Jsgx.Run run = jsgx.line(LAUNCH + "--native-le");

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.json()).containsEntry("verdict", "launched");
    }

    @Test
    void anotherLaunchEnclaveMakesTheTokenOfAnEnclaveThatIsNotItsSigners() {
        jsgx.run("sign", "enclave.sgxs", "--key", otherKey(), "--out", "other.sigstruct");
        Jsgx.Run run = jsgx.line("launch enclave.sgxs --sigstruct other.sigstruct --json --interface v5 " + OTHER);

        assertThat(run.status()).as(run.err()).isZero();
        assertThat(run.json())
                .containsEntry("verdict", "launched")
                .containsEntry("token", Map.of("source", "launch-enclave"));
    }

    /** A key of nobody who has to do with launch enclaves here. */
    private String otherKey() {
        try {
            SigningKey.generate(new SecureRandom()).write(folder.resolve("other.pem"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return "other.pem";
    }

    @Test
    void whereTheHashMsrsAreLockedToAnotherSignerItsEinitIsRefused() {
        assertThat(jsgx.line("platform set --hash-msrs locked --le-hash own").status())
                .isZero();
        jsgx.run("sign", "enclave.sgxs", "--key", otherKey(), "--out", "other.sigstruct");

        Jsgx.Run run = jsgx.line("launch enclave.sgxs --sigstruct other.sigstruct --json --interface v5 " + OTHER);

        assertThat(run.status()).isEqualTo(1);
        assertThat(String.valueOf(run.json().get("explain")))
                .contains("the launch enclave's INIT returned 2: SGX_INVALID_ATTRIBUTE")
                .contains(Samples.signer().mrSigner().substring(0, 8));
    }

    @ParameterizedTest
    @CsvSource({
        "--le le.bin, --le-sigstruct",
        "--le-sigstruct le.sigstruct, --le",
        "--le nowhere --le-sigstruct le.sigstruct, no such file",
        "--le le.bin --le-sigstruct enclave.sgxs, not a SIGSTRUCT",
        "--le key.pem --le-sigstruct le.sigstruct, key.pem"
    })
    void filesThatWillNotDoAreNamed(String options, String named) {
        for (String command : new String[] {LAUNCH, "run "}) {
            String line = command + options + (command.equals("run ") ? " -- true" : "");
            Jsgx.Run run = jsgx.line(line);

            assertThat(run.status()).as(line).isEqualTo(command.equals("run ") ? 125 : 2);
            assertThat(run.err()).contains(named).doesNotContain("at jsgx");
        }
    }
}
