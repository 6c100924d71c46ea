package jsgx.image;

import static jsgx.image.SdkBytes.ADD;
import static jsgx.image.SdkBytes.ADD_EXTEND;
import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Tcs;
import org.junit.jupiter.api.Test;

/** The SDK's layout on shared objects put together by hand; {@link RealEnclavesTest} has real ones. */
class SdkReaderTest {

    private static final int R = Elf.PF_R;
    private static final int RX = Elf.PF_R | Elf.PF_X;
    private static final int RW = Elf.PF_R | Elf.PF_W;

    private static final long TEXT = 0x1000;
    private static final long META = 0x3000;

    /** Two pages of code, and data that begins in the middle of a page and ends in zeroes. */
    private static ElfBytes object() {
        return new ElfBytes()
                .load(RX, TEXT, 0, 0x1800, 0x1800)
                .load(RW, 0x2900, 0x4900, 0x500, 0x2000)
                .content(TEXT, filled(0x1800, 0x90))
                .content(0x2900, filled(0x500, 0x0d));
    }

    private static ElfBytes signed(ElfBytes object, SdkBytes... metadata) {
        byte[] section = SdkBytes.section(metadata);
        return object.content(META, section).section(SdkMetadata.SECTION, 0, META, section.length);
    }

    private static SdkBytes metadata() {
        return new SdkBytes(2, 4);
    }

    private static EnclaveImage read(ElfBytes elf) throws ImageException {
        return EnclaveFiles.read(elf.segment(), ImageOptions.DEFAULT);
    }

    private static void refused(ElfBytes elf, String message) {
        assertThatThrownBy(() -> read(elf)).isInstanceOf(ImageException.class).hasMessage(message);
    }

    @Test
    void loadsSegmentsWithTheirZeroes() throws ImageException {
        EnclaveImage image = read(signed(object(), metadata()));

        assertThat(Images.layout(image)).isEqualTo("""
                0x0 REG r-x ffff
                0x1000 REG r-x ffff
                0x4000 REG rw- ffff
                0x5000 REG rw- ffff
                0x6000 REG rw- ffff
                """);
        assertThat(image.format()).isEqualTo(EnclaveImage.Format.SDK);
        assertThat(image.size()).isEqualTo(0x40000);
        assertThat(image.ssaFrameSize()).isEqualTo(1);
        byte[] text = new byte[4096];
        Arrays.fill(text, 0, 0x800, (byte) 0x90);
        assertThat(Images.content(image.pages().get(1))).isEqualTo(text);
        byte[] data = new byte[4096];
        Arrays.fill(data, 0x900, 0xe00, (byte) 0x0d);
        assertThat(Images.content(image.pages().get(2))).isEqualTo(data);
        assertThat(Images.content(image.pages().get(3))).containsOnly(0);
        assertThat(Images.content(image.pages().get(4))).containsOnly(0);
    }

    @Test
    void tellsWhatTheMetadataSaysBesides() throws ImageException {
        byte[] sigstruct = filled(1808, 0x33);
        EnclaveImage image =
                read(signed(object(), metadata().sigstruct(sigstruct).ssaFrameSize(2)));
        assertThat(image.signature().toArray(Layouts.U8)).isEqualTo(sigstruct);
        assertThat(image.sigstruct()).isPresent();
        assertThat(image.ssaFrameSize()).isEqualTo(2);
        assertThat(image.hints()).isEqualTo(SecsHints.of(new Attributes(4, 3), 0));
    }

    @Test
    void addsHeapStackTcsAndSsa() throws ImageException {
        SdkBytes metadata = metadata();
        byte[] template = new byte[72];
        Layouts.u64(MemorySegment.ofArray(template), 16, 0x1000);
        Layouts.u64(MemorySegment.ofArray(template), 48, 0x3000);
        Layouts.u64(MemorySegment.ofArray(template), 56, 0x4000);
        int tcs = metadata.data(template);
        int tls = metadata.data(filled(16, 0x7));
        metadata.entry(ADD, 3, 0x8000, 0, 0, 0x203)
                .entry(0, 1, 0xb000, 0, 0, 0)
                .entry(ADD_EXTEND, 1, 0xc000, 0xcccccccc, 0, 0x203)
                .entry(ADD_EXTEND, 1, 0xd000, 72, tcs, 0x100)
                .entry(ADD, 2, 0xe000, 16, tls, 0x203)
                .group(3, 2, 0x8000);
        EnclaveImage image = read(signed(object(), metadata));

        assertThat(Images.layout(image)).isEqualTo("""
                0x0 REG r-x ffff
                0x1000 REG r-x ffff
                0x4000 REG rw- ffff
                0x5000 REG rw- ffff
                0x6000 REG rw- ffff
                0x8000 REG rw- 0000
                0x9000 REG rw- 0000
                0xa000 REG rw- 0000
                0xc000 REG rw- ffff
                0xd000 TCS --- ffff
                0xe000 REG rw- ffff
                0xf000 REG rw- ffff
                0x14000 REG rw- ffff
                0x15000 TCS --- ffff
                0x16000 REG rw- ffff
                0x17000 REG rw- ffff
                0x1c000 REG rw- ffff
                0x1d000 TCS --- ffff
                0x1e000 REG rw- ffff
                0x1f000 REG rw- ffff
                """);
        assertThat(Images.content(image.pages().get(8))).containsOnly(0xcc);
        Tcs second = new Tcs(image.pages().get(13).content());
        assertThat(second.ossa()).isEqualTo(0x16000);
        assertThat(second.ofsBase()).isEqualTo(0x18000);
        assertThat(second.ogsBase()).isEqualTo(0x19000);
        byte[] first = new byte[4096];
        Arrays.fill(first, 0, 16, (byte) 7);
        assertThat(Images.content(image.pages().get(10))).isEqualTo(first);
        assertThat(Images.content(image.pages().get(11))).containsOnly(0);
    }

    @Test
    void appliesPatchesBeforeItLoads() throws ImageException {
        SdkBytes metadata = metadata();
        int source = metadata.data(filled(8, 0x42));
        metadata.patch(TEXT + 0x10, source, 8);
        byte[] content = Images.content(read(signed(object(), metadata)).pages().getFirst());
        byte[] expected = filled(4096, 0x90);
        Arrays.fill(expected, 0x10, 0x18, (byte) 0x42);
        assertThat(content).isEqualTo(expected);
    }

    @Test
    void makesRelocatedPagesOfCodeWritable() throws ImageException {
        long dynamic = 0x2900;
        ByteBuffer bytes = ByteBuffer.allocate(0x500).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, 22).putLong(16, 7).putLong(24, 0x4a00).putLong(32, 8).putLong(40, 48);
        bytes.putLong(0x100, 0x1004).putLong(0x108, 8);
        bytes.putLong(0x118, 0x20).putLong(0x120, 0);
        ElfBytes object = new ElfBytes()
                .load(RX, TEXT, 0, 0x1800, 0x1800)
                .load(RW, dynamic, 0x4900, 0x500, 0x500)
                .segment(Elf.PT_DYNAMIC, RW, dynamic, 0x4900, 0x100, 0x100)
                .content(TEXT, filled(0x1800, 0x90))
                .content(dynamic, bytes.array())
                .section(".rela.dyn", 0x4a00, 0x2a00, 48);
        assertThat(Images.layout(read(signed(object, metadata())))).isEqualTo("""
                0x0 REG r-x ffff
                0x1000 REG rwx ffff
                0x4000 REG rw- ffff
                """);
    }

    @Test
    void relocatedPagesAmongWholePagesAreFoundOneByOne() throws ImageException {
        ByteBuffer bytes = ByteBuffer.allocate(0x500).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, 22).putLong(16, 7).putLong(24, 0x9a00).putLong(32, 8).putLong(40, 24);
        bytes.putLong(0x100, 0x1010).putLong(0x108, 8);
        byte[] code = filled(0x3000, 1);
        Arrays.fill(code, 0x1000, 0x2000, (byte) 2);
        Arrays.fill(code, 0x2000, 0x3000, (byte) 3);
        byte[] section = SdkBytes.section(metadata());
        EnclaveImage image = read(new ElfBytes()
                .load(RX, 0x1000, 0, 0x3000, 0x3000)
                .segment(Elf.PT_DYNAMIC, RW, 0x4900, 0x9900, 0x100, 0x100)
                .content(0x1000, code)
                .content(0x4900, bytes.array())
                .content(0x5000, section)
                .section(".rela.dyn", 0x9a00, 0x4a00, 24)
                .section(SdkMetadata.SECTION, 0, 0x5000, section.length));
        assertThat(Images.layout(image)).isEqualTo("0x0 REG r-x ffff\n0x1000 REG rwx ffff\n0x2000 REG r-x ffff\n");
        for (int page = 0; page < 3; page++) {
            assertThat(Images.content(image.pages().get(page))).containsOnly(page + 1);
        }
    }

    @Test
    void relocationsAcrossTwoPagesMakeBothWritable() throws ImageException {
        ByteBuffer bytes = ByteBuffer.allocate(0x500).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(0, 22).putLong(16, 23).putLong(24, 0x4a00).putLong(32, 2).putLong(40, 24);
        bytes.putLong(0x100, 0xffc).putLong(0x108, 7);
        ElfBytes object = new ElfBytes()
                .load(RX, TEXT, 0, 0x1800, 0x1800)
                .segment(Elf.PT_DYNAMIC, RW, 0x2900, 0x4900, 0x100, 0x100)
                .content(0x2900, bytes.array())
                .section(".rela.plt", 0x4a00, 0x2a00, 24);
        assertThat(Images.layout(read(signed(object, metadata()))))
                .isEqualTo("0x0 REG rwx ffff\n0x1000 REG rwx ffff\n");
    }

    @Test
    void padsAfterSegmentsOfVersion13AsItsLoaderDid() throws ImageException {
        ElfBytes object = new ElfBytes()
                .load(RX, TEXT, 0, 0x800, 0x800)
                .load(R, 0x1900, 0x2900, 0x100, 0x1000)
                .load(RW, 0x1c00, 0x8c00, 0x10, 0x1000)
                .content(TEXT, filled(0xf00, 1));
        String without = """
                0x0 REG r-x ffff
                0x2000 REG r-- ffff
                0x3000 REG r-- ffff
                0x8000 REG rw- ffff
                0x9000 REG rw- ffff
                """;
        assertThat(Images.layout(read(signed(object, new SdkBytes(1, 4))))).isEqualTo(without);

        ElfBytes early = new ElfBytes()
                .load(RX, TEXT, 0, 0x800, 0x800)
                .load(R, 0x1900, 0x2900, 0x100, 0x600)
                .load(RW, 0x1c00, 0x8c00, 0x10, 0x300)
                .content(TEXT, filled(0xf00, 1));
        assertThat(Images.layout(read(signed(early, new SdkBytes(1, 3))))).isEqualTo("""
                0x0 REG r-x ffff
                0x2000 REG r-- ffff
                0x3000 REG r-- ffff
                0x8000 REG rw- ffff
                0x9000 REG rw- ffff
                """);
    }

    @Test
    void takesTheNewestMetadata() throws ImageException {
        EnclaveImage image = read(signed(
                object(),
                new SdkBytes(2, 1).ssaFrameSize(2),
                new SdkBytes(2, 4).ssaFrameSize(3),
                new SdkBytes(1, 4).ssaFrameSize(4)));
        assertThat(image.ssaFrameSize()).isEqualTo(3);
    }

    @Test
    void movesTheImageIntoAWiderRangeOfAddresses() throws ImageException {
        EnclaveImage image = read(signed(object(), new SdkBytes(13, 0).range(0x140000, 0x100000, 0x100000)));
        assertThat(image.size()).isEqualTo(0x100000);
        assertThat(image.pages().getFirst().offset()).isEqualTo(0x40000);
    }

    @Test
    void refusesARangeThatDoesNotHoldTheImage() {
        String expected =
                "the enclave's range of addresses at offset 0x3779: expected a multiple of its size that holds"
                        + " the image of 0x40000 bytes, found ";
        refused(
                signed(object(), new SdkBytes(13, 0).range(0x1d0000, 0x100000, 0x100000)),
                expected + "0x100000 bytes at 0x100000, the image at 0x1d0000");
        refused(
                signed(object(), new SdkBytes(13, 0).range(0xf0000, 0x100000, 0x100000)),
                expected + "0x100000 bytes at 0x100000, the image at 0xf0000");
        refused(
                signed(object(), new SdkBytes(13, 0)),
                "the size of the address range's entry at offset 0x3779: expected 24, found 0");
    }

    @Test
    void refusesSegmentsAndLayoutThatOverlap() {
        refused(
                signed(object().load(RW, TEXT, 0x1000, 0x10, 0x10), metadata()),
                "page 0x1000 is added twice at offset 0xb0: expected each page once,"
                        + " found the same page described at offset 0x40 too");
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x6000, 0, 0, 0x203)),
                "page 0x6000 is added twice at offset 0x3c19: expected each page once,"
                        + " found the same page described at offset 0x78 too");
    }

    @Test
    void refusesUnalignedAndTooManyPagesInTheLayout() {
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x8800, 0, 0, 0x203)),
                "a page's offset at offset 0x3c19: expected a multiple of 0x1000, found 0x8800");
        refused(
                signed(object(), metadata().entry(ADD, -1, 0x8000, 0, 0, 0x203)),
                "an entry of the layout table at offset 0x3c19: expected pages inside the enclave's 0x40000 bytes,"
                        + " found 4294967295 at 0x8000");
        refused(
                signed(object(), metadata().enclaveSize(1L << 62).entry(ADD, -1, 0x8000, 0, 0, 0x203)),
                "too many pages at offset 0x3c19: expected at most 16777216 in all, found 5 and 4294967295 more");
    }

    @Test
    void countsThePagesOfAllEntries() {
        SdkBytes metadata = metadata().entry(ADD, 4, 0x8000, 0, 0, 0x203).entry(ADD, 4, 0x10000, 0, 0, 0x203);
        assertThatThrownBy(() ->
                        EnclaveFiles.read(signed(object(), metadata).segment(), ImageOptions.DEFAULT.withMaxPages(12)))
                .hasMessage("too many pages at offset 0x3c39: expected at most 12 in all, found 9 and 4 more");
    }

    @Test
    void refusesGroupsThatAreNotOverEntries() {
        refused(
                signed(object(), metadata().group(1, 1, 0x1000)),
                "a group in the layout table at offset 0x3c19: expected entries before it, found 1 lines");
        SdkBytes nested = metadata()
                .entry(ADD, 1, 0x8000, 0, 0, 0x203)
                .group(1, 1, 0x1000)
                .group(2, 1, 0x2000);
        refused(
                signed(object(), nested),
                "a group in the layout table at offset 0x3c59: expected entries before it, found 2 lines");
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x8000, 0, 0, 0x203).group(1, 1 << 20, 0x1000)),
                "how often a group is loaded at offset 0x3c39: expected at most 65536 entries in all, found 1048576 times 1");
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x8000, 0, 0, 0x203).group(1, 9, 0)),
                "a group's step at offset 0x3c41: expected steps that end inside the enclave's 0x40000 bytes, found 9 of 0x0");
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x8000, 0, 0, 0x203).group(1, 9, Long.MAX_VALUE)),
                "a group's step at offset 0x3c41: expected steps that end inside the enclave's 0x40000 bytes,"
                        + " found 9 of 0x7fffffffffffffff");
    }

    @Test
    void refusesContentOutsideTheMetadata() {
        refused(
                signed(object(), metadata().entry(ADD, 1, 0x8000, 0x1000, 0x900, 0x203)),
                "an entry's content in the metadata at offset 0x3019: expected a place in its 3104 bytes,"
                        + " found 4096 bytes at 0x900");
        refused(
                signed(object(), metadata().patch(0, -1, 1)),
                "a patch in the metadata at offset 0x3019: expected a place in its 3104 bytes,"
                        + " found 1 bytes at 0xffffffff");
    }

    @Test
    void refusesAPatchOutsideTheFile() {
        SdkBytes metadata = metadata();
        int source = metadata.data(filled(8, 1));
        ElfBytes elf = signed(object(), metadata.patch(Long.MAX_VALUE, source, 8));
        refused(
                elf,
                "a patch's destination at offset 0x3c19: expected a place in the file's " + elf.bytes().length
                        + " bytes, found 8 bytes at 0x7fffffffffffffff");
    }

    @Test
    void refusesMetadataOfUnknownVersionOrSize() {
        refused(
                signed(object(), new SdkBytes(4, 0)),
                "the metadata's version at offset 0x3021: expected 1, 2 or 3, or 10 more, found 4");
        refused(
                signed(object(), metadata().enclaveSize(0x30000)),
                "the enclave's size at offset 0x3041: expected a power of two of at least 0x2000, found 0x30000");
        refused(
                signed(object(), metadata().enclaveSize(Long.MIN_VALUE)),
                "the enclave's size at offset 0x3041: expected a power of two of at least 0x2000,"
                        + " found 0x8000000000000000");
        refused(
                signed(object(), metadata().ssaFrameSize(5)),
                "the SSA frame size at offset 0x3031: expected 1 to 4 pages, found 5");
    }

    @Test
    void refusesAProviderInsideTheFile() {
        refused(
                signed(object(), new SdkBytes(3, 2).extension(0x1002)),
                "an extension of the metadata at offset 0x3c19: expected none, or a FIPS signature,"
                        + " found 0x1002, a FIPS provider inside the file, which jsgx cannot load");
    }

    @Test
    void refusesAnotherNoteOrNoMetadata() {
        byte[] note = SdkBytes.section(metadata());
        note[12] = 'S';
        refused(
                object().content(META, note).section(SdkMetadata.SECTION, 0, META, note.length),
                "the note in .note.sgxmeta at offset 0x3000: expected the name \"sgx_metadata\","
                        + " found 0d 00 00 00 00 0c 00 00 01 00 00 00 53 67 78 5f 6d 65 74 61 64 61 74 61 00");
        byte[] unsigned = SdkBytes.section(metadata());
        Arrays.fill(unsigned, 25, unsigned.length, (byte) 0);
        refused(
                object().content(META, unsigned).section(SdkMetadata.SECTION, 0, META, unsigned.length),
                "the metadata, which sgx_sign writes at offset 0x3019: expected the magic 4c 0e 5d 63 94 02 a8 86"
                        + " and 1888 bytes, found 00 00 00 00 00 00 00 00 and 3072 bytes");
    }

    @Test
    void refusesSegmentsOfNoPermissionsOrImpossibleSizes() {
        refused(
                signed(object().load(0, TEXT, 0x9000, 0, 0), metadata()),
                "a segment's permissions at offset 0xb4: expected any, found none");
        refused(
                signed(object().load(RW, TEXT, 0x9000, 0x20, 0x10), metadata()),
                "a segment's addresses at offset 0xb0: expected an end below 2^47 and no more bytes in the file than in"
                        + " memory, found 0x10 bytes at 0x9000, 0x20 in the file");
        refused(
                signed(object().load(RW, TEXT, 0x9000, 0, Long.MAX_VALUE), metadata()),
                "a segment's addresses at offset 0xb0: expected an end below 2^47 and no more bytes in the file than in"
                        + " memory, found 0x7fffffffffffffff bytes at 0x9000, 0x0 in the file");
    }

    @Test
    void refusesAnExecutableThatIsNoSharedObject() {
        refused(
                signed(object().type(2), metadata()),
                "the ELF type at offset 0x10: expected a shared object, 03 00, found 02 00");
    }

    @Test
    void hugePlausibleHeapCostsNothing() throws ImageException {
        SdkBytes metadata = metadata().enclaveSize(1L << 36).entry(ADD, 1 << 23, 0x100000000L, 0, 0, 0x203);
        EnclaveImage image = read(signed(object(), metadata));
        assertThat(image.pages()).hasSize((1 << 23) + 5);
        assertThat(image.pages().getLast().offset()).isEqualTo(0x100000000L + (1L << 35) - 0x1000);
    }
}
