package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenCommandTest {

    private static final String VERIFY = " --enclave enclave.sgxs --sigstruct enclave.sigstruct";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
    }

    @Test
    void everyFieldIsShown() {
        assertThat(jsgx.line("token show enclave.token --json").json())
                .containsEntry("format", "raw")
                .containsEntry("valid", "0x1")
                .containsEntry("attributes", "0x4")
                .containsEntry("maskedAttributesLe", "0x21")
                .containsEntry("mrsigner", Samples.signer().mrSigner())
                .containsKeys("mrenclave", "cpuSvnLe", "keyId", "mac");
        assertThat(jsgx.line("token show enclave.token").out())
                .contains("EINITTOKEN, 304 bytes")
                .contains("keyId");
    }

    @Test
    void theSdksFormIsRead() throws Exception {
        jsgx.file("enclave.sdk", Arrays.copyOf(Files.readAllBytes(folder.resolve("enclave.token")), 1024));

        assertThat(jsgx.line("token show enclave.sdk --json").json()).containsEntry("format", "sdk");
        assertThat(jsgx.line("token verify enclave.sdk" + VERIFY).status()).isZero();
    }

    @Test
    void aTokenOfThisPlatformIsValidForItsEnclave() {
        Jsgx.Run run = jsgx.line("token verify enclave.token --json" + VERIFY);

        assertThat(run.status()).isZero();
        assertThat(run.json()).containsEntry("valid", true).containsEntry("code", "SGX_SUCCESS");
    }

    @Test
    void aFlippedBitIsRefused() throws Exception {
        byte[] token = Files.readAllBytes(folder.resolve("enclave.token"));
        token[290] ^= 1;
        jsgx.file("bad.token", token);

        Jsgx.Run run = jsgx.line("token verify bad.token" + VERIFY);

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out())
                .startsWith("not valid  EINIT: SGX_INVALID_EINITTOKEN (16)")
                .contains("what to do");
    }

    @Test
    void whatHasNotTheSizeOfATokenIsWrongInput() {
        assertThat(jsgx.line("token show key.pem").status()).isEqualTo(2);
        assertThat(jsgx.line("token verify key.pem" + VERIFY).err()).contains("304");
    }
}
