package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Base64;
import java.util.Map;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignCommandTest {

    private static final String SIGN = "sign enclave.sgxs --key key.pem -o out.sigstruct ";

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.in(folder);
    }

    @Test
    void whatIsSignedHasWhatWasAskedFor() throws Exception {
        Jsgx.Run run =
                jsgx.line(SIGN + "--product-id 7 --svn 3 --date 2017-12-19 --debug --vendor 0x8086 --sw-defined 16"
                        + " --xfrm 0x7 --xfrm-mask 0xfffffffffffffff8 --misc-select 1 --misc-mask 0xfffffffe");

        assertThat(run.status()).as(run.err()).isZero();
        Sigstruct sigstruct = written();
        assertThat(sigstruct.isvProdId()).isEqualTo(7);
        assertThat(sigstruct.isvSvn()).isEqualTo(3);
        assertThat(sigstruct.date()).isEqualTo(0x20171219);
        assertThat(sigstruct.vendor()).isEqualTo(0x8086);
        assertThat(sigstruct.swDefined()).isEqualTo(16);
        assertThat(sigstruct.attributes()).isEqualTo(new Attributes(6, 7));
        assertThat(sigstruct.attributeMask()).isEqualTo(new Attributes(-1, ~7L));
        assertThat(sigstruct.miscSelect()).isEqualTo(1);
        assertThat(sigstruct.miscMask()).isEqualTo(-2);
        assertThat(run.out())
                .startsWith("signed  out.sigstruct  MRENCLAVE ")
                .endsWith(", product 7, SVN 3, 64-bit, debug, 2017-12-19\n");
    }

    @Test
    void theDocumentSaysWhatWasSigned() {
        Map<String, Object> json = jsgx.line(SIGN + "--json").json();

        assertThat(json)
                .containsEntry("out", "out.sigstruct")
                .containsEntry("mrsigner", Samples.signer().mrSigner())
                .containsEntry("signatureValid", true)
                .containsEntry("q1Valid", true)
                .containsEntry("q2Valid", true)
                .containsEntry("attributes", "0x4")
                .containsEntry("attributesMask", "0xfffffffffffffffd")
                .containsEntry("date", "2017-12-19");
        assertThat(json.get("mrenclave"))
                .isEqualTo(jsgx.line("measure enclave.sgxs --json").json().get("mrenclave"));
    }

    @Test
    void theSameInputGivesTheSameBytesOnWhateverDay() throws Exception {
        jsgx.with("SOURCE_DATE_EPOCH", "1234567890").line(SIGN);
        byte[] once = Files.readAllBytes(folder.resolve("out.sigstruct"));
        jsgx.line(SIGN + "--date 2009-02-13");

        assertThat(folder.resolve("out.sigstruct")).hasBinaryContent(once);
    }

    @Test
    void theDayIsTheClocksWhereNothingSaysOtherwise() throws Exception {
        jsgx.line(SIGN);

        assertThat(written().date()).isEqualTo(0x20171219);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    --date 2017-13-01         | a day such as 2017-12-19
                    --date 10000-01-01        | the day of signing
                    --ext-product-id 00       | expected 32 hexadecimal digits
                    --family-id zz            | expected 32 hexadecimal digits
                    --vendor 1                | VENDOR
                    """)
    void whatNoSigstructCanSayIsRefused(String options, String message) {
        Jsgx.Run run = jsgx.line(SIGN + options);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains(message);
        assertThat(folder.resolve("out.sigstruct")).doesNotExist();
    }

    @Test
    void aTimeThatIsNoneIsRefused() {
        Jsgx.Run run = jsgx.with("SOURCE_DATE_EPOCH", "yesterday").line(SIGN);

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).contains("SOURCE_DATE_EPOCH").contains("yesterday");
    }

    @ParameterizedTest
    @CsvSource({"2048, 3", "3072, 65537"})
    void aKeyOfTheWrongKindIsRefused(int bits, long exponent) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(new RSAKeyGenParameterSpec(bits, BigInteger.valueOf(exponent)));
        String body = Base64.getMimeEncoder()
                .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
        jsgx.file("other.pem", pem("PRIVATE KEY", body));

        Jsgx.Run run = jsgx.line("sign enclave.sgxs --key other.pem -o out.sigstruct");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .contains("other.pem")
                .contains("3072");
        assertThat(Samples.filesIn(folder)).doesNotContain("out.sigstruct");
    }

    @ParameterizedTest
    @CsvSource({"PUBLIC KEY", "CERTIFICATE", "ENCRYPTED PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY"})
    void aPemFileThatHoldsNoSuchKeyIsRefused(String kind) {
        jsgx.file("other.pem", pem(kind, "AAAA"));

        Jsgx.Run run = jsgx.line("sign enclave.sgxs --key other.pem -o out.sigstruct");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains("other.pem");
    }

    @Test
    void neitherTheKeyNorTheEnclaveIsOverwritten() throws Exception {
        byte[] key = Files.readAllBytes(folder.resolve("key.pem"));
        byte[] enclave = Files.readAllBytes(folder.resolve("enclave.sgxs"));

        assertThat(jsgx.line("sign enclave.sgxs --key key.pem -o key.pem").status())
                .isEqualTo(2);
        assertThat(jsgx.line("sign enclave.sgxs --key key.pem -o ./enclave.sgxs")
                        .status())
                .isEqualTo(2);
        assertThat(folder.resolve("key.pem")).hasBinaryContent(key);
        assertThat(folder.resolve("enclave.sgxs")).hasBinaryContent(enclave);
    }

    @Test
    void aFullDiskGetsOneLineAndNothingIsLeft() throws Exception {
        Path full = fullDisk();

        Jsgx.Run run = jsgx.run(
                "sign",
                "enclave.sgxs",
                "--key",
                "key.pem",
                "-o",
                full.resolve("out").toString());

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines()).singleElement().asString().contains("not written: ");
        assertThat(full.resolve("out")).doesNotExist();
    }

    /** A disk without space: Linux has one to try things on only where a user made it. */
    private static Path fullDisk() throws IOException {
        String name = System.getenv().getOrDefault("JSGX_FULL_DISK", "");
        assumeTrue(
                !name.isEmpty(),
                "JSGX_FULL_DISK names no folder on a full disk, such as one of: mount -t tmpfs -o size=4k none FOLDER");
        FileStore store = Files.getFileStore(Path.of(name));
        assumeTrue(store.getUsableSpace() < Sigstruct.SIZE, name + " has space left");
        return Path.of(name);
    }

    private Sigstruct written() throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve("out.sigstruct"));
        assertThat(bytes).hasSize(Sigstruct.SIZE);
        return Sigstruct.of(bytes);
    }

    private static byte[] pem(String kind, String body) {
        return ("-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
