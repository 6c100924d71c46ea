package jsgx.image;

import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import jsgx.arch.struct.Layouts;
import org.junit.jupiter.api.Test;

class SgxsReaderTest {

    private static final long RW = 0x203;
    private static final byte[] CHUNK = filled(256, 0x5a);

    private static SgxsBytes stream() {
        return new SgxsBytes().ecreate(1, 0x4000);
    }

    private static EnclaveImage read(SgxsBytes stream) throws ImageException {
        return EnclaveFiles.read(stream.segment(), ImageOptions.DEFAULT);
    }

    private static void refused(SgxsBytes stream, String message) {
        assertThatThrownBy(() -> read(stream))
                .isInstanceOf(ImageException.class)
                .hasMessage(message);
    }

    @Test
    void readsAStream() throws ImageException {
        EnclaveImage image = read(stream()
                .page(0, 0x100, filled(4096, 0))
                .eadd(0x2000, RW)
                .eextend(0x2100, CHUNK)
                .unmeasured(0x2300, filled(256, 7))
                .eadd(0x3000, 0x205));

        assertThat(image.format()).isEqualTo(EnclaveImage.Format.SGXS);
        assertThat(image.size()).isEqualTo(0x4000);
        assertThat(image.ssaFrameSize()).isEqualTo(1);
        assertThat(image.sigstruct()).isEmpty();
        assertThat(Images.layout(image)).isEqualTo("""
                0x0 TCS --- ffff
                0x2000 REG rw- 0002
                0x3000 REG r-x 0000
                """);
        byte[] content = new byte[4096];
        Arrays.fill(content, 0x100, 0x200, (byte) 0x5a);
        Arrays.fill(content, 0x300, 0x400, (byte) 7);
        assertThat(Images.content(image.pages().get(1))).isEqualTo(content);
        assertThat(image.pages().get(2).content()).isEqualTo(EnclavePage.ZEROES.asSlice(0));
    }

    @Test
    void contentCannotBeChanged() throws ImageException {
        EnclaveImage image = read(stream().page(0, RW, filled(4096, 1)));
        assertThat(image.pages().getFirst().content().isReadOnly()).isTrue();
    }

    @Test
    void measuresToTheHashOfAFullyMeasuredStream() throws ImageException {
        SgxsBytes stream = stream()
                .page(0, 0x100, tcs())
                .page(0x1000, 0x205, filled(4096, 0x90))
                .page(0x3000, RW, filled(4096, 0));
        assertThat(ImageMeasurement.measure(read(stream)).mrEnclave()).isEqualTo(stream.sha256());
    }

    @Test
    void leavesUnmeasuredRecordsOutOfTheMeasurement() throws ImageException {
        SgxsBytes without = stream().eadd(0x1000, RW).eextend(0x1000, CHUNK).eadd(0x2000, RW);
        SgxsBytes with = stream()
                .eadd(0x1000, RW)
                .unmeasured(0x1f00, CHUNK)
                .eextend(0x1000, CHUNK)
                .eadd(0x2000, RW)
                .unmeasured(0x2000, CHUNK);
        assertThat(ImageMeasurement.measure(read(with)).mrEnclave()).isEqualTo(without.sha256());
    }

    @Test
    void takesPagesInAnyOrder() throws ImageException {
        SgxsBytes stream = stream().page(0x2000, RW, filled(4096, 2)).page(0x1000, RW, filled(4096, 1));
        EnclaveImage image = read(stream);
        assertThat(Images.layout(image)).isEqualTo("0x2000 REG rw- ffff\n0x1000 REG rw- ffff\n");
        assertThat(ImageMeasurement.measure(image).mrEnclave()).isEqualTo(stream.sha256());
    }

    @Test
    void writesTheSizeOfAnUnsizedStreamWhereItWantsIt() throws ImageException {
        SgxsBytes unsized = new SgxsBytes()
                .unsized(2, 0x1010)
                .page(0x1000, RW, filled(4096, 0xff))
                .page(0x4000, RW, filled(4096, 0));
        byte[] settled = filled(4096, 0xff);
        Layouts.u64(MemorySegment.ofArray(settled), 0x10, 0x8000);
        SgxsBytes sized =
                new SgxsBytes().ecreate(2, 0x8000).page(0x1000, RW, settled).page(0x4000, RW, filled(4096, 0));

        EnclaveImage image = read(unsized);
        assertThat(image.size()).isEqualTo(0x8000);
        assertThat(ImageMeasurement.measure(image).mrEnclave()).isEqualTo(sized.sha256());

        EnclaveImage larger = EnclaveFiles.read(unsized.segment(), ImageOptions.DEFAULT.withSize(0x10000));
        assertThat(larger.size()).isEqualTo(0x10000);
        assertThat(Layouts.u64(larger.pages().getFirst().content(), 0x10)).isEqualTo(0x10000);
    }

    @Test
    void writesTheSizeIntoAPageOfZeroes() throws ImageException {
        EnclaveImage image = read(new SgxsBytes().unsized(1, 0xff8).eadd(0, RW).eadd(0x1000, RW));
        assertThat(Layouts.u64(image.pages().getFirst().content(), 0xff8)).isEqualTo(0x2000);
        assertThat(Images.content(image.pages().get(1))).containsOnly(0);
    }

    @Test
    void refusesASizeThatIsNotAPowerOfTwo() {
        refused(
                new SgxsBytes().ecreate(1, 0x3000),
                "the enclave's size at offset 0xc: expected a power of two of at least 0x2000, found 0x3000");
        refused(
                new SgxsBytes().ecreate(1, 0x1000),
                "the enclave's size at offset 0xc: expected a power of two of at least 0x2000, found 0x1000");
        refused(
                new SgxsBytes().ecreate(1, Long.MIN_VALUE),
                "the enclave's size at offset 0xc: expected a power of two of at least 0x2000, found 0x8000000000000000");
    }

    @Test
    void refusesPagesOutsideTheEnclave() {
        refused(
                stream().eadd(0x4000, RW),
                "pages outside the enclave at offset 0x40: expected offsets below its size 0x4000, found 0x4000 to 0x4fff");
        refused(
                stream().eadd(-0x1000, RW),
                "a page's offset at offset 0x40: expected an offset below 2^62, found 0xfffffffffffff000");
    }

    @Test
    void refusesAnUnalignedPage() {
        refused(
                stream().eadd(0x1800, RW),
                "a page's offset at offset 0x40: expected a multiple of 0x1000, found 0x1800");
    }

    @Test
    void refusesAPageAddedTwice() {
        refused(
                stream().eadd(0x1000, RW).eadd(0x2000, RW).eadd(0x1000, RW),
                "page 0x1000 is added twice at offset 0xc0: expected each page once,"
                        + " found the same page described at offset 0x40 too");
    }

    @Test
    void refusesAnImageOfNoPages() {
        refused(stream(), "the image: expected at least one page, found none");
    }

    @Test
    void refusesAChunkThatIsNotInThePageAddedLast() {
        String expected =
                "a chunk's offset at offset 0x88: expected a multiple of 0x100 in the page added last, 0x1000, found ";
        refused(stream().eadd(0x1000, RW).eextend(0x2000, CHUNK), expected + "0x2000");
        refused(stream().eadd(0x1000, RW).eextend(0xf00, CHUNK), expected + "0xf00");
        refused(stream().eadd(0x1000, RW).eextend(0x1080, CHUNK), expected + "0x1080");
    }

    @Test
    void refusesAChunkBeforeAnyPage() {
        refused(
                stream().eextend(0, CHUNK),
                "a chunk before any page at offset 0x40: expected an EADD record, found 45 45 58 54 45 4e 44 00");
    }

    @Test
    void refusesAChunkTwice() {
        refused(
                stream().eadd(0x1000, RW).eextend(0x1100, CHUNK).unmeasured(0x1100, CHUNK),
                "a chunk's offset at offset 0x1c8: expected each chunk once, found 0x1100 again");
    }

    @Test
    void refusesMeasuredChunksThatDescend() {
        refused(
                stream().eadd(0x1000, RW).eextend(0x1100, CHUNK).eextend(0x1000, CHUNK),
                "a measured chunk's offset at offset 0x1c8: expected ascending offsets in a page, as drivers measure,"
                        + " found 0x1000 after a higher one");
    }

    @Test
    void refusesASecondEcreate() {
        refused(
                stream().ecreate(1, 0x4000),
                "a second ECREATE or UNSIZED record at offset 0x40: expected one, at offset 0, found another");
    }

    @Test
    void refusesAnUnknownRecord() {
        refused(
                stream().raw(filled(64, 0x41)),
                "a record's tag at offset 0x40: expected \"EADD\", \"EEXTEND\" or \"UNMEASRD\", found 41 41 41 41 41 41 41 41");
    }

    @Test
    void refusesPermissionsOfATcsAndUnknownFlags() {
        refused(
                stream().eadd(0x1000, 0x103),
                "a TCS's SECINFO flags at offset 0x40: expected no permissions, 0x100, found 0x103");
        String expected =
                "a page's SECINFO flags at offset 0x40: expected a regular page or a TCS with permissions, found ";
        refused(stream().eadd(0x1000, 0x003), expected + "0x3");
        refused(stream().eadd(0x1000, 0x303), expected + "0x303");
        refused(stream().eadd(0x1000, 0x20b), expected + "0x20b");
        refused(stream().eadd(0x1000, 0x1_0000_0203L), expected + "0x100000203");
        refused(
                stream().eadd(0x1000, 0x202),
                "a page's SECINFO flags at offset 0x40: expected readable where it is writable, found 0x202");
    }

    @Test
    void refusesReservedBytes() {
        refused(
                changed(stream().eadd(0x1000, RW), bytes -> set(bytes, 0x40 + 63, 9)),
                "a record's reserved bytes at offset 0x7f: expected 00, found 09");
        refused(
                changed(stream().eadd(0x1000, RW), bytes -> set(bytes, 20, 9)),
                "a record's reserved bytes at offset 0x14: expected 00, found 09");
        refused(
                changed(stream().eadd(0x1000, RW).eextend(0x1000, CHUNK), bytes -> set(bytes, 0x80 + 16, 9)),
                "a record's reserved bytes at offset 0x90: expected 00, found 09");
    }

    @Test
    void refusesASsaFrameSizeOfZero() {
        refused(new SgxsBytes().ecreate(0, 0x4000), "SSAFRAMESIZE at offset 0x8: expected at least 1 page, found 0");
    }

    @Test
    void refusesAnUnsizedStreamWithNoPlaceForTheSize() {
        String expected = "the place for the size at offset 0xc: expected 8 bytes in one of the pages, found ";
        refused(new SgxsBytes().unsized(1, 0x1000).eadd(0, RW), expected + "0x1000");
        refused(new SgxsBytes().unsized(1, 0xffc).eadd(0, RW), expected + "0xffc");
    }

    @Test
    void refusesMorePagesThanItMayRead() {
        SgxsBytes stream = stream().eadd(0, RW).eadd(0x1000, RW).eadd(0x2000, RW);
        assertThatThrownBy(() -> EnclaveFiles.read(stream.segment(), ImageOptions.DEFAULT.withMaxPages(2)))
                .hasMessage("too many pages at offset 0xc0: expected at most 2 in all, found one more");
    }

    @Test
    void refusesAStreamCutOffAnywhereInARecord() {
        byte[] whole = stream().eadd(0x1000, RW).eextend(0x1000, CHUNK).bytes();
        for (int length = 8; length < whole.length; length++) {
            MemorySegment cut = MemorySegment.ofArray(Arrays.copyOf(whole, length));
            boolean betweenRecords = length == 64 || length == 128;
            assertThatThrownBy(() -> {
                        EnclaveFiles.read(cut, ImageOptions.DEFAULT);
                        throw ImageException.of("", "", "");
                    })
                    .isInstanceOf(ImageException.class)
                    .message()
                    .matches(
                            betweenRecords ? "the image: .*|: .*" : "the first record is cut off .*|a.* is cut off .*");
        }
    }

    static byte[] tcs() {
        byte[] tcs = new byte[4096];
        Layouts.u64(MemorySegment.ofArray(tcs), 16, 0x2000);
        Layouts.u32(MemorySegment.ofArray(tcs), 28, 2);
        return tcs;
    }

    private static byte[] set(byte[] bytes, int at, int value) {
        bytes[at] = (byte) value;
        return bytes;
    }

    private static SgxsBytes changed(SgxsBytes stream, UnaryOperator<byte[]> change) {
        return new SgxsBytes().raw(change.apply(stream.bytes()));
    }
}
