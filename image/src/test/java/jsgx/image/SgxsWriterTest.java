package jsgx.image;

import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SgxsWriterTest {

    private static byte[] written(EnclaveImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        SgxsWriter.write(image, out);
        return out.toByteArray();
    }

    private static EnclaveImage read(byte[] bytes) throws ImageException {
        return EnclaveFiles.read(MemorySegment.ofArray(bytes), ImageOptions.DEFAULT);
    }

    @Test
    void writesAgainWhatItRead() throws Exception {
        byte[] stream = new SgxsBytes()
                .ecreate(1, 0x8000)
                .page(0, 0x100, SgxsReaderTest.tcs())
                .page(0x1000, 0x205, filled(4096, 0x90))
                .eadd(0x2000, 0x203)
                .eextend(0x2000, filled(256, 1))
                .unmeasured(0x2100, filled(256, 2))
                .eextend(0x2f00, filled(256, 0))
                .eadd(0x4000, 0x203)
                .unmeasured(0x4300, filled(256, 3))
                .bytes();
        assertThat(written(read(stream))).isEqualTo(stream);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void whatItWroteReadsAsTheSameImage(long seed) throws Exception {
        EnclaveImage image = Images.random(seed);
        byte[] stream = written(image);
        EnclaveImage again = read(stream);
        assertThat(Images.layout(again)).isEqualTo(Images.layout(image));
        assertThat(ImageDiff.diff(image, again).differences()).isEmpty();
        assertThat(ImageMeasurement.measure(again)).isEqualTo(ImageMeasurement.measure(image));
        assertThat(written(again)).isEqualTo(stream);
    }

    @Test
    void writesATcsAsItIsMeasured() throws Exception {
        byte[] tcs = SgxsReaderTest.tcs();
        tcs[0] = 1;
        tcs[8] = 1;
        tcs[24] = 3;
        tcs[40] = 9;
        EnclaveImage image = Images.image(0x2000, Images.page(0, 0x100, EnclavePage.ALL, tcs));
        String sha256 = new SgxsBytes()
                .ecreate(1, 0x2000)
                .page(0, 0x100, SgxsReaderTest.tcs())
                .sha256();
        assertThat(SgxsBytes.sha256(written(image))).isEqualTo(sha256);
        assertThat(ImageMeasurement.measure(image).mrEnclave()).isEqualTo(sha256);
    }
}
