package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InspectCommandTest {

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.signedIn(folder);
    }

    @Test
    void aSignedEnclaveWouldLaunch() {
        Jsgx.Run run = jsgx.line("inspect enclave.sgxs --sigstruct enclave.sigstruct --json");

        assertThat(run.status()).isZero();
        assertThat(run.json())
                .containsEntry("format", "sgxs")
                .containsEntry("mrsigner", Samples.signer().mrSigner())
                .containsEntry("signatureValid", true)
                .containsEntry("q1Valid", true)
                .containsEntry("q2Valid", true)
                .containsEntry("vendor", 0L)
                .containsEntry("date", "2017-12-19")
                .containsEntry("isvProdId", 7L)
                .containsEntry("isvSvn", 3L)
                .containsEntry("attributes", "0x4")
                .containsEntry("attributesMask", "0xfffffffffffffffd")
                .containsEntry("xfrm", "0x3")
                .containsEntry("xfrmMask", "0xfffffffffffffffc")
                .containsEntry("miscSelect", "0x0")
                .containsEntry("measurementMatches", true)
                .containsEntry("wouldLaunch", true)
                .containsEntry("code", "SGX_SUCCESS");
        assertThat(run.json().get("mrenclave"))
                .isEqualTo(jsgx.line("measure enclave.sgxs --json").json().get("mrenclave"));
        assertThat(String.valueOf(run.json().get("explain"))).isNotEmpty();
    }

    @Test
    void anotherEnclaveThanTheOneThatWasSignedIsAnAnswer() {
        Jsgx.Run run = jsgx.line("inspect flipped.sgxs --sigstruct enclave.sigstruct --json");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.json())
                .containsEntry("signatureValid", true)
                .containsEntry("measurementMatches", false)
                .containsEntry("wouldLaunch", false)
                .containsEntry("code", "SGX_INVALID_MEASUREMENT");
        assertThat(jsgx.line("inspect flipped.sgxs --sigstruct enclave.sigstruct")
                        .out())
                .contains("not the one that was signed")
                .contains("would not launch  through v5");
    }

    @Test
    void anEnclaveWithoutSigstructHasAllFieldsAndNoSigner() {
        Jsgx.Run run = jsgx.line("inspect enclave.sgxs --json");

        assertThat(run.status()).isZero();
        assertThat(run.json())
                .containsEntry("wouldLaunch", false)
                .containsEntry("signatureValid", false)
                .containsEntry("q1Valid", false)
                .containsKeys("mrsigner", "vendor", "date", "isvProdId", "isvSvn", "attributes", "xfrm", "miscSelect");
        assertThat(jsgx.line("inspect enclave.sgxs").out())
                .contains("not signed")
                .contains("jsgx sign");
    }

    @Test
    void aBareSigstructIsJudgedByItself() {
        assertThat(jsgx.line("inspect enclave.sigstruct --json").json())
                .containsEntry("format", "sigstruct")
                .containsEntry("wouldLaunch", true)
                .containsEntry("valid", true);
        assertThat(jsgx.line("inspect enclave.sigstruct --sigstruct enclave.sigstruct")
                        .status())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "0, HEADER, true",
        "512, EXPONENT, true",
        "516, SIGNATURE, false",
        "1040, Q1, true",
        "1424, Q2, true",
        "100, RESERVED, false"
    })
    void aFlippedBitIsFoundInItsPart(int offset, String part, boolean rsa) throws Exception {
        byte[] sigstruct = Files.readAllBytes(folder.resolve("enclave.sigstruct"));
        sigstruct[offset] ^= 1;
        jsgx.file("bad.sigstruct", sigstruct);

        Jsgx.Run run = jsgx.line("inspect bad.sigstruct --json");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.json()).containsEntry("valid", false).containsEntry("wouldLaunch", false);
        int at = Jsgx.values(run.json().get("findings"), "part").indexOf(part);
        assertThat(Jsgx.values(run.json().get("findings"), "valid").get(at)).isEqualTo(false);
        assertThat(jsgx.line("inspect bad.sigstruct").out()).contains("not valid");
        if (!rsa) {
            assertThat(run.json()).containsEntry("signatureValid", false);
        }
    }

    @Test
    void toLookNeedsNoStateFolder() {
        Jsgx.Run run = jsgx.with("HOME", "/dev/null").line("inspect enclave.sgxs --sigstruct enclave.sigstruct --json");

        assertThat(run.status()).isZero();
        assertThat(run.json()).containsEntry("wouldLaunch", true);
    }

    @Tag("interop")
    @ParameterizedTest
    @CsvSource({
        "fortanix-sig1, 83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e, c50673624a6cb17c1c6c2a4e6906f47a170c4629b8723781d1017ef376f1a75d",
        "intel-le-1.6, acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4, 1e3278db70199c7b3a7fd5af21824fae5ca6337d275d0fb7c4580fa2da4f3503",
        "intel-le-2.17, acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4, 043cf35340a4b6f151365c6d75d649e8bab47127f9ea9c9696a8ac7b7275b8c9",
        "intel-kernel-le-2019, c28c852f22e9f39345039929fbecd6ada69c2aa89fdac9ac2f6abacd6b236174, daa800288f0d88b078999477538bb9c0888d1e0eafe0be202c493d3e274ed980"
    })
    void whatOthersSignedIsValid(String name, String mrSigner, String mrEnclave) {
        Path vectors = Path.of(System.getenv().getOrDefault("JSGX_VECTORS", "../../shared/data"));
        Path file = vectors.resolve(name + ".sigstruct").toAbsolutePath();
        assumeTrue(Files.exists(file), "no vectors: set JSGX_VECTORS to the folder that holds " + name + ".sigstruct");

        Jsgx.Run run = jsgx.run("inspect", file.toString(), "--json");

        Map<String, Object> json = run.json();
        assertThat(run.status()).isZero();
        assertThat(json)
                .containsEntry("mrsigner", mrSigner)
                .containsEntry("mrenclave", mrEnclave)
                .containsEntry("signatureValid", true)
                .containsEntry("q1Valid", true)
                .containsEntry("q2Valid", true);
    }
}
