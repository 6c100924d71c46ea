package jsgx.image;

import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** The selftest's layout on ELF files put together by hand; {@link SelftestEnclaveTest} has the kernel's own. */
class SelftestReaderTest {

    private static final int RX = Elf.PF_R | Elf.PF_X;
    private static final int RW = Elf.PF_R | Elf.PF_W;

    private static ElfBytes enclave() {
        return new ElfBytes()
                .load(RW, 0x1000, 0, 0x1000, 0x1000)
                .load(RX, 0x2000, 0x1000, 0x1120, 0x1120)
                .load(RW, 0x4010, 0x9010, 0x20, 0x9000)
                .content(0x1000, SgxsReaderTest.tcs())
                .content(0x2000, filled(0x2000, 0xef))
                .content(0x4000, filled(0x700, 0x0d));
    }

    private static EnclaveImage read(ElfBytes elf) throws ImageException {
        return EnclaveFiles.read(elf.segment(), ImageOptions.DEFAULT);
    }

    private static void refused(ElfBytes elf, String message) {
        assertThatThrownBy(() -> read(elf)).isInstanceOf(ImageException.class).hasMessage(message);
    }

    @Test
    void loadsWholePagesOfTheFileByFileOffset() throws ImageException {
        EnclaveImage image = read(enclave());
        assertThat(Images.layout(image)).isEqualTo("""
                0x0 TCS --- ffff
                0x1000 REG r-x ffff
                0x2000 REG r-x ffff
                0x3000 REG rw- ffff
                0x4000 REG rw- 0000
                """);
        assertThat(image.format()).isEqualTo(EnclaveImage.Format.SELFTEST);
        assertThat(image.size()).isEqualTo(0x8000);
        assertThat(image.ssaFrameSize()).isEqualTo(1);
        assertThat(Images.content(image.pages().get(2))).containsOnly(0xef);
        byte[] data = new byte[4096];
        Arrays.fill(data, 0, 0x700, (byte) 0x0d);
        assertThat(Images.content(image.pages().get(3))).isEqualTo(data);
        assertThat(Images.content(image.pages().get(4))).containsOnly(0);
    }

    @Test
    void heapIsAsLargeAsItIsTold() throws ImageException {
        EnclaveImage image = EnclaveFiles.read(enclave().segment(), ImageOptions.DEFAULT.withSelftestHeap(0x8000));
        assertThat(image.pages()).hasSize(12);
        assertThat(image.size()).isEqualTo(0x10000);
        EnclaveImage none = EnclaveFiles.read(enclave().segment(), ImageOptions.DEFAULT.withSelftestHeap(0));
        assertThat(none.pages()).hasSize(4);
        assertThat(none.size()).isEqualTo(0x4000);
        assertThatThrownBy(() -> EnclaveFiles.read(enclave().segment(), ImageOptions.DEFAULT.withSelftestHeap(100)))
                .hasMessage("the selftest's heap: expected a multiple of 4096 bytes, found 100 bytes");
    }

    @Test
    void refusesAFirstSegmentThatIsNoTcs() {
        refused(
                new ElfBytes().load(RX, 0x1000, 0, 0x1000, 0x1000).length(0x2000),
                "an ELF file of no known kind at offset 0x0: expected a section .note.sgxmeta as the Intel SDK signs it,"
                        + " or a first segment that is read-write, the TCS of the kernel's selftest, found neither");
    }

    @Test
    void refusesSegmentsBeforeTheTcs() {
        refused(
                new ElfBytes()
                        .load(RW, 0x2000, 0, 0x1000, 0x1000)
                        .load(RX, 0x1000, 0, 0x10, 0x10)
                        .length(0x3000),
                "a segment's place in the file at offset 0x80: expected none before the first segment's, the TCS's,"
                        + " at 0x2000, found 0x1000");
        refused(
                new ElfBytes().load(RW, -0x2000, 0, 0x1000, 0x1000).length(0x3000),
                "a segment's place in the file at offset 0x48: expected none before the first segment's, the TCS's,"
                        + " at 0xffffffffffffe000, found 0xffffffffffffe000");
    }

    @Test
    void refusesSegmentsThatShareAPage() {
        refused(
                new ElfBytes()
                        .load(RW, 0x1000, 0, 0x1000, 0x1000)
                        .load(RX, 0x1800, 0, 0x10, 0x10)
                        .length(0x3000),
                "page 0x0 is added twice at offset 0x78: expected each page once,"
                        + " found the same page described at offset 0x40 too");
    }

    @Test
    void refusesSegmentsBehindTheFileAndUnknownFlags() {
        refused(
                new ElfBytes().load(RW, 0x1000, 0, 0x3000, 0x3000).length(0x2000),
                "a segment is cut off at offset 0x1000: expected 12288 bytes, found 4096 bytes");
        refused(
                new ElfBytes().load(RW, 0x1000, 0, Long.MAX_VALUE, 0x3000).length(0x2000),
                "a segment's size at offset 0x60: expected at most 16777216 pages, found 0x7fffffffffffffff bytes");
        refused(
                new ElfBytes()
                        .load(RW, 0x1000, 0, 0x1000, 0x3000)
                        .load(RW | 8, 0x2000, 0, 1, 1)
                        .length(0x3000),
                "a segment's flags at offset 0x7c: expected bits of 0x7, found 0xe");
    }

    @Test
    void refusesATcsAlone() {
        ElfBytes alone = new ElfBytes().load(RW, 0x1000, 0, 0x1000, 0x1000).length(0x2000);
        assertThatThrownBy(() -> EnclaveFiles.read(alone.segment(), ImageOptions.DEFAULT.withSelftestHeap(0)))
                .hasMessage(
                        "the enclave's size at offset 0x40: expected a power of two of at least 0x2000, found 0x1000");
    }
}
