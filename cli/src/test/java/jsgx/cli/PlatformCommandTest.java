package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformCommandTest {

    private static final String INTEL = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.in(folder).with("JSGX_HOME", folder.resolve("state").toString());
    }

    @Test
    void noPlatformYetIsAnAnswer() {
        Jsgx.Run run = jsgx.line("platform show");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).startsWith("no platform yet  the first launch makes one");
        assertThat(jsgx.line("platform show --json").json()).containsEntry("exists", false);
        assertThat(folder.resolve("state")).doesNotExist();
    }

    @Test
    void aNewPlatformIsShownAndKeptForItsOwnerAlone() throws Exception {
        assertThat(jsgx.line("platform new").status()).isZero();

        Map<String, Object> json = jsgx.line("platform show --json").json();
        assertThat(json)
                .containsEntry("exists", true)
                .containsEntry("epc", 64L << 20)
                .containsEntry("file", folder.resolve("state/platform").toString());
        assertThat(Jsgx.value(json.get("features"), "model")).isEqualTo("sgx2");
        assertThat(Jsgx.value(json.get("launchControl"), "hashMsrs")).isEqualTo("unlocked");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("state/platform"))))
                .isEqualTo("rw-------");
    }

    @Test
    void theSecretsAreNeverShown() throws Exception {
        jsgx.line("platform new --le-key key.pem");
        Platform platform = PlatformFile.in(folder.resolve("state")).load();
        String shown = jsgx.line("platform show").out()
                + jsgx.line("platform show --json").out()
                + jsgx.line("platform show --whole-hashes").out();

        for (byte[] secret : List.of(
                platform.fuses().sealFuses(),
                platform.fuses().packageKey(),
                platform.ownerEpoch().bytes())) {
            assertThat(shown).doesNotContain(HexFormat.of().formatHex(secret).substring(0, 8));
        }
        assertThat(shown)
                .doesNotContain("PRIVATE KEY")
                .contains(Samples.signer().mrSigner());
    }

    @Test
    void aPlatformIsNotReplacedUnasked() {
        jsgx.line("platform new --le-key key.pem");
        Object before = jsgx.line("platform show --json").json();

        Jsgx.Run run = jsgx.line("platform new --le-key key.pem");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("there is a platform already").contains("--force");
        assertThat(jsgx.line("platform show --json").json()).isEqualTo(before);
        assertThat(jsgx.line("platform new --force --le-key key.pem").status()).isZero();
        assertThat(jsgx.line("platform show --json").json()).isNotEqualTo(before);
    }

    @Test
    void eachOptionChangesWhatItNames() {
        String signer = Samples.signer().mrSigner();
        jsgx.line("platform new --le-key key.pem");
        Map<String, Object> before = jsgx.line("platform show --json").json();

        Map<String, Object> json = jsgx.line("platform set --json --features sgx1-flc --kss --epc 8M,93.5MiB"
                        + " --owner-epoch 000102030405060708090a0b0c0d0e0f --cpusvn 010203040506070809101112131415ff"
                        + " --hash-msrs locked --le-hash own --le-profile dcap")
                .json();

        assertThat(json)
                .containsEntry("epc", (8L << 20) + 98041856)
                .containsEntry("epcSections", List.of(8L << 20, 98041856L))
                .containsEntry("cpusvn", "010203040506070809101112131415ff")
                .doesNotContainEntry("ownerEpochId", before.get("ownerEpochId"));
        Object features = json.get("features");
        assertThat(Jsgx.value(features, "model")).isEqualTo("custom");
        assertThat(Jsgx.value(features, "kss")).isEqualTo(true);
        assertThat(Jsgx.value(features, "flc")).isEqualTo(true);
        assertThat(Jsgx.value(features, "sgx2")).isEqualTo(false);
        assertThat(json.get("launchControl")).isEqualTo(Map.of("hashMsrs", "locked", "lePubKeyHash", signer));
        assertThat(json.get("launchEnclave")).isEqualTo(Map.of("mrsigner", signer, "profile", "dcap"));
        assertThat(jsgx.line("platform show --json").json()).isEqualTo(json);
    }

    @Test
    void withoutLaunchControlTheHashIsIntelsAndLocked() {
        jsgx.line("platform new --le-key key.pem");

        Map<String, Object> json =
                jsgx.line("platform set --features sgx1 --json").json();

        assertThat(json.get("launchControl")).isEqualTo(Map.of("hashMsrs", "locked", "lePubKeyHash", INTEL));
        assertThat(jsgx.line("platform set --hash-msrs unlocked").status()).isEqualTo(2);
    }

    @Test
    void anOwnerEpochIsKnownByWhatSaysNothingOfIt() {
        jsgx.line("platform new --le-key key.pem --owner-epoch 00000000000000000000000000000000");
        Object zero = jsgx.line("platform show --json").json().get("ownerEpochId");
        jsgx.line("platform set --owner-epoch new");
        Object random = jsgx.line("platform show --json").json().get("ownerEpochId");
        jsgx.line("platform set --owner-epoch 00000000000000000000000000000000");

        assertThat(random).isNotEqualTo(zero);
        assertThat(jsgx.line("platform show --json").json()).containsEntry("ownerEpochId", zero);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --features sgx3              | expected sgx1, sgx1-flc or sgx2
                    --epc 0                      | out of range
                    --epc 64M,1                  | expected a multiple of a page
                    --owner-epoch 00             | expected 32 hexadecimal digits or new
                    --cpusvn new                 | expected 32 hexadecimal digits
                    --hash-msrs open             | expected locked or unlocked
                    --le-hash 00                 | expected 64 hexadecimal digits, own or intel
                    --le-key no-such-file        | no-such-file: no such file
                    --le-key enclave.sgxs        | enclave.sgxs: the key
                    --le-profile strict          | expected v5, dcap, intel
                    --fuses 00                   | expected new
                    """)
    void whatCannotBeIsRefusedAndChangesNothing(String options, String message) throws Exception {
        jsgx.line("platform new --le-key key.pem");
        byte[] before = Files.readAllBytes(folder.resolve("state/platform"));

        Jsgx.Run run = jsgx.line("platform set " + options);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains(message);
        assertThat(folder.resolve("state/platform")).hasBinaryContent(before);
    }

    @Test
    void aBrokenFileIsRefusedAndCanBeReplaced() throws Exception {
        jsgx.line("platform new --le-key key.pem");
        Path file = folder.resolve("state/platform");
        Files.writeString(file, "nothing");

        Jsgx.Run run = jsgx.line("platform show");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains(file.toString());
        assertThat(jsgx.line("platform new --force --le-key key.pem").status()).isZero();
        assertThat(jsgx.line("platform show").status()).isZero();
    }

    @Test
    void aFileThatOthersCanReadIsRefused() throws Exception {
        jsgx.line("platform new --le-key key.pem");
        Path file = folder.resolve("state/platform");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        Jsgx.Run run = jsgx.line("platform show");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains(file.toString());
    }

    @Test
    void aHomeThatIsNoFolderIsSaidInOneLine() {
        Jsgx.Run run = jsgx.with("JSGX_HOME", "/dev/null/x").line("platform new --le-key key.pem");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains("/dev/null/x");
    }
}
