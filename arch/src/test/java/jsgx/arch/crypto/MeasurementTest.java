package jsgx.arch.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import jsgx.arch.TestSigner;
import jsgx.arch.struct.Secinfo;
import org.junit.jupiter.api.Test;

class MeasurementTest {

    @Test
    void anEmptyEnclave() {
        String block = hex("ECREATE\0") + "01000000" + "0000010000000000" + "00".repeat(44);

        Measurement measurement = Measurement.ecreate(1, 0x10000, 0);
        assertThat(measurement.value())
                .isEqualTo(TestSigner.sha256(HexFormat.of().parseHex(block)));
        assertThat(measurement.blocks()).isEqualTo(1);
    }

    @Test
    void theBlocksAreTheManuals() {
        byte[] page = new byte[4096];
        new Random(5).nextBytes(page);
        Secinfo secinfo = Secinfo.allocate();
        secinfo.memory().fill((byte) 0x5c);
        secinfo.flags(0x205);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        Measurement measurement = Measurement.ecreate(0x01020304, 0x1112131415161718L, 0x2122232425262728L);
        expected.writeBytes(HexFormat.of()
                .parseHex(hex("ECREATE\0") + "04030201" + "1817161514131211" + "2827262524232221" + "00".repeat(36)));
        measurement.eadd(0x3132333435363738L, secinfo.memory());
        expected.writeBytes(HexFormat.of()
                .parseHex(hex("EADD\0\0\0\0") + "3837363534333231" + "0502000000000000" + "5c".repeat(40)));
        // The header after EADD has nothing of EADD's.
        measurement.eextend(0x4142434445464748L, MemorySegment.ofArray(page), 0xf00);
        expected.writeBytes(HexFormat.of().parseHex(hex("EEXTEND\0") + "4847464544434241" + "00".repeat(48)));
        expected.write(page, 0xf00, 256);

        assertThat(measurement.value()).isEqualTo(TestSigner.sha256(expected.toByteArray()));
        assertThat(measurement.blocks()).isEqualTo(expected.size() / 64);
    }

    @Test
    void chunksInNativeMemoryMeasureAlike() {
        byte[] page = new byte[4096];
        new Random(6).nextBytes(page);
        Measurement heap = Measurement.ecreate(1, 0x2000, 0);
        Measurement off = Measurement.ecreate(1, 0x2000, 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment copy = arena.allocate(4096).copyFrom(MemorySegment.ofArray(page));
            for (int at = 0; at < 4096; at += Measurement.CHUNK) {
                heap.eextend(at, MemorySegment.ofArray(page), at);
                off.eextend(at, copy, at);
            }
        }

        assertThat(off.value()).isEqualTo(heap.value());
        assertThat(off.blocks()).isEqualTo(1 + 16 * 5);
    }

    @Test
    void theValueMayBeAskedForInBetween() {
        Measurement asked = Measurement.ecreate(1, 0x2000, 0);
        Measurement other = Measurement.ecreate(1, 0x2000, 0);
        byte[] first = asked.value();
        asked.eadd(0, Secinfo.allocate().memory());
        other.eadd(0, Secinfo.allocate().memory());

        assertThat(asked.value()).isEqualTo(other.value()).isNotEqualTo(first);
    }

    private static String hex(String tag) {
        return HexFormat.of().formatHex(tag.getBytes(StandardCharsets.US_ASCII));
    }
}
