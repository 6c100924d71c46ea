package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasureCommandTest {

    @TempDir
    private Path folder;

    private Jsgx jsgx = new Jsgx(Path.of(""));

    @BeforeEach
    void samples() {
        jsgx = Samples.in(folder);
    }

    @Test
    void anSgxsStreamThatIsMeasuredThroughoutHashesToItsMrEnclave() throws Exception {
        byte[] stream = Files.readAllBytes(folder.resolve("enclave.sgxs"));
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(stream));

        Jsgx.Run run = jsgx.line("measure enclave.sgxs --json");

        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.json())
                .isEqualTo(Map.of(
                        "file", "enclave.sgxs",
                        "format", "sgxs",
                        "mrenclave", hash,
                        "pages", 4L,
                        "measuredPages", 4L,
                        "size", 0x4000L,
                        "ssaFrameSize", 1L));
    }

    @Test
    void peopleGetTheHashShortenedUnlessTheyWantItWhole() {
        String whole =
                String.valueOf(jsgx.line("measure enclave.sgxs --json").json().get("mrenclave"));

        assertThat(jsgx.line("measure enclave.sgxs").out())
                .isEqualTo("enclave.sgxs  SGXS stream, 4 pages in 16.0 KiB, SSA frame of 1 page\n  MRENCLAVE "
                        + Text.shortened(whole) + "\n");
        assertThat(jsgx.line("measure enclave.sgxs --whole-hashes").out()).endsWith("  MRENCLAVE " + whole + "\n");
    }

    @Test
    void aPageThatIsNotMeasuredIsCountedApart() {
        jsgx.file("more.sgxs", Samples.sgxs(Samples.withUnmeasuredPage()));

        assertThat(jsgx.line("measure more.sgxs --json").json())
                .containsEntry("pages", 5L)
                .containsEntry("measuredPages", 4L);
        assertThat(jsgx.line("measure more.sgxs").out()).contains("5 pages (4 measured) in 32.0 KiB");
    }

    @Test
    void aDifferenceIsAnAnswer() {
        Jsgx.Run run = jsgx.line("measure enclave.sgxs --diff flipped.sgxs");

        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out())
                .contains("different  1 difference\n")
                .contains("  page 0x2000 differs from offset 0x2009 on, 1 byte\n");
    }

    @Test
    void everyDifferenceHasItsKindAndPage() {
        jsgx.file("more.sgxs", Samples.sgxs(Samples.withUnmeasuredPage()));

        Map<String, Object> json =
                jsgx.line("measure flipped.sgxs --diff more.sgxs --json").json();

        assertThat(json).containsEntry("same", false);
        assertThat(Jsgx.values(json.get("differences"), "kind")).containsExactly("size", "content", "missing");
        assertThat(Jsgx.values(json.get("differences"), "page")).containsExactly(null, "0x2000", "0x4000");
        assertThat(Jsgx.value(json.get("other"), "pages")).isEqualTo(5L);
    }

    @Test
    void theSameTwiceIsTheSame() {
        Jsgx.Run run = jsgx.line("measure enclave.sgxs --diff enclave.sgxs");

        assertThat(run.status()).isZero();
        assertThat(run.out()).endsWith("same  every page agrees\n");
    }

    @Test
    void aRawBlobNeedsItsLayout() {
        jsgx.file("le.bin", new byte[3 * 4096]);

        assertThat(jsgx.line("measure le.bin").status()).isEqualTo(2);
        assertThat(jsgx.line("measure le.bin --layout v5-le --json").json())
                .containsEntry("format", "raw")
                .containsEntry("size", 4L * 4096)
                .containsEntry("pages", 3L);
    }

    @Test
    void aTruncatedFileIsRefusedWithItsOffset() throws Exception {
        byte[] stream = Files.readAllBytes(folder.resolve("enclave.sgxs"));
        jsgx.file("short.sgxs", Arrays.copyOf(stream, stream.length - 1));

        Jsgx.Run run = jsgx.line("measure short.sgxs");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err().lines())
                .singleElement()
                .asString()
                .contains("short.sgxs")
                .contains("offset 0x");
        assertThat(run.out()).isEmpty();
    }
}
