package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Linux kernel's own SGX selftest enclave, which {@code interop/selftest-enclave} builds. */
@Tag("interop")
class SelftestEnclaveTest {

    private static Path enclave() {
        String file = System.getenv("JSGX_SELFTEST_ENCLAVE");
        assumeTrue(file != null, "set JSGX_SELFTEST_ENCLAVE to the path that interop/selftest-enclave prints");
        return Path.of(file);
    }

    @Test
    void measuresAsTheSelftestsOwnSignerDoes() throws Exception {
        byte[] file = Files.readAllBytes(enclave());
        for (long heap : new long[] {0, 4096, 1 << 20}) {
            EnclaveImage image =
                    EnclaveFiles.read(MemorySegment.ofArray(file), ImageOptions.DEFAULT.withSelftestHeap(heap));
            assertThat(ImageMeasurement.measure(image).mrEnclave())
                    .as("with a heap of %d bytes", heap)
                    .isEqualTo(asItsSignerDoes(file, heap));
        }
    }

    @Test
    void isSignedWithAFreshKey() throws Exception {
        EnclaveImage image = EnclaveFiles.read(enclave(), ImageOptions.DEFAULT);
        ImageMeasurement measurement = ImageMeasurement.measure(image);
        SigningKey key = SigningKey.generate(new SecureRandom());
        Sigstruct sigstruct = SigstructSigner.sign(SigstructOptions.of(measurement.mrEnclave(), 0x20171219), key);
        assertThat(SigstructCheck.check(sigstruct).findings()).allMatch(SigstructCheck.Finding::valid);
        assertThat(HexFormat.of().formatHex(sigstruct.enclaveHash().toArray(Layouts.U8)))
                .isEqualTo(measurement.mrEnclave());
        assertThat(SigstructCheck.mrSigner(sigstruct)).isEqualTo(key.mrSigner());
    }

    @Test
    void isTheSameEnclaveAsASgxsStream(@TempDir Path folder) throws Exception {
        EnclaveImage image = EnclaveFiles.read(enclave(), ImageOptions.DEFAULT);
        Path stream = folder.resolve("test_encl.sgxs");
        try (var out = Files.newOutputStream(stream)) {
            SgxsWriter.write(image, out);
        }
        EnclaveImage again = EnclaveFiles.read(stream, ImageOptions.DEFAULT);
        assertThat(ImageDiff.diff(image, again).differences()).isEmpty();
        assertThat(ImageMeasurement.measure(again)).isEqualTo(ImageMeasurement.measure(image));
    }

    /** MRENCLAVE after the text of the selftest's load.c and sigstruct.c, sharing nothing with the reader. */
    private static String asItsSignerDoes(byte[] bytes, long heap) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        SgxsBytes stream = new SgxsBytes();
        long table = file.getLong(32);
        long source = -1;
        long end = 0;
        SgxsBytes pages = new SgxsBytes();
        for (int i = 0; i < file.getShort(56); i++) {
            int header = (int) table + 56 * i;
            if (file.getInt(header) != 1) {
                continue;
            }
            int flags = file.getInt(header + 4);
            long offset = file.getLong(header + 8) & ~0xfffL;
            long size = file.getLong(header + 32) + 0xfff & ~0xfffL;
            boolean tcs = source < 0;
            source = tcs ? offset : source;
            long secinfo = tcs
                    ? 0x100
                    : 0x200 | ((flags & 4) != 0 ? 1 : 0) | ((flags & 2) != 0 ? 2 : 0) | ((flags & 1) != 0 ? 4 : 0);
            for (long at = 0; at < size; at += 4096) {
                byte[] page = Arrays.copyOfRange(bytes, (int) (offset + at), (int) (offset + at + 4096));
                pages.page(offset - source + at, secinfo, page);
            }
            end = offset - source + size;
        }
        for (long at = 0; at < heap; at += 4096) {
            pages.eadd(end + at, 0x203);
        }
        long enclaveSize = 4096;
        while (enclaveSize < end + heap) {
            enclaveSize <<= 1;
        }
        return stream.ecreate(1, enclaveSize).raw(pages.bytes()).sha256();
    }
}
