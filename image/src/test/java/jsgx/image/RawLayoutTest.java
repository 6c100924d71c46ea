package jsgx.image;

import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RawLayoutTest {

    private static final String LAYOUT = """
            # a TCS, code, data of which half is measured, and a stack
            size            0x10000
            ssa-frame-size  1
            range 0x0     0x1000  tcs  measured
            range 0x1000  0x2000  r-x  measured    # from the same offset of the blob
            range 0x4000  4096    rw-  0x00ff      at 0x3000
            range 0x8000  0x2000  rw-  unmeasured  zero
            """;

    private static EnclaveImage apply(String layout, byte[] blob) throws ImageException {
        return EnclaveFiles.read(MemorySegment.ofArray(blob), ImageOptions.DEFAULT.withLayout(RawLayout.parse(layout)));
    }

    private static void refused(String layout, byte[] blob, String message) {
        assertThatThrownBy(() -> apply(layout, blob))
                .isInstanceOf(ImageException.class)
                .hasMessage(message);
    }

    private static byte[] blob() {
        byte[] blob = filled(0x3100, 1);
        Arrays.fill(blob, 0, 0x1000, (byte) 0);
        Arrays.fill(blob, 0x3000, 0x3100, (byte) 3);
        return blob;
    }

    @Test
    void appliesADescribedLayout() throws ImageException {
        EnclaveImage image = apply(LAYOUT, blob());
        assertThat(Images.layout(image)).isEqualTo("""
                0x0 TCS --- ffff
                0x1000 REG r-x ffff
                0x2000 REG r-x ffff
                0x4000 REG rw- 00ff
                0x8000 REG rw- 0000
                0x9000 REG rw- 0000
                """);
        assertThat(image.format()).isEqualTo(EnclaveImage.Format.RAW);
        assertThat(image.size()).isEqualTo(0x10000);
        byte[] data = new byte[4096];
        Arrays.fill(data, 0, 0x100, (byte) 3);
        assertThat(Images.content(image.pages().get(3))).isEqualTo(data);
        assertThat(Images.content(image.pages().get(4))).containsOnly(0);
    }

    @Test
    void theDocumentsExampleIsOne() throws Exception {
        String document = Files.readString(Path.of("..", "docs", "layout.md"));
        int from = document.indexOf("```layout\n") + "```layout\n".length();
        String example = document.substring(from, document.indexOf("```", from));
        assertThat(Images.layout(apply(example, blob()))).isEqualTo(Images.layout(apply(LAYOUT, blob())));
    }

    @Test
    void findsTheSizeItself() throws ImageException {
        String layout =
                "size auto\nssa-frame-size 2\nrange 0 0x1000 tcs measured\nrange 0x7000 0x1000 --- unmeasured zero\n";
        EnclaveImage image = apply(layout, filled(4096, 0));
        assertThat(image.size()).isEqualTo(0x8000);
        assertThat(image.ssaFrameSize()).isEqualTo(2);
        assertThat(apply("size auto\nssa-frame-size 1\nrange 0 0x1000 tcs measured\n", filled(4096, 0))
                        .size())
                .isEqualTo(0x2000);
    }

    @Test
    void v5LeIsTheProxysLayout() throws ImageException {
        RawLayout layout = new RawLayout.V5Le();
        EnclaveImage image = layout.apply(MemorySegment.ofArray(filled(0x8001, 5)), ImageOptions.DEFAULT);
        assertThat(image.size()).isEqualTo(0x10000);
        assertThat(image.ssaFrameSize()).isEqualTo(1);
        assertThat(image.pages()).hasSize(9);
        assertThat(Images.layout(image))
                .startsWith("0x0 TCS --- ffff\n0x1000 REG rwx ffff\n")
                .endsWith("0x8000 REG rwx ffff\n");
        byte[] last = new byte[4096];
        last[0] = 5;
        assertThat(Images.content(image.pages().getLast())).isEqualTo(last);
        assertThat(layout.apply(MemorySegment.ofArray(filled(0x8000, 5)), ImageOptions.DEFAULT)
                        .size())
                .isEqualTo(0x8000);
    }

    @Test
    void v5LeOfAPageIsTooSmallForAnEnclave() {
        String size = "the enclave's size at offset 0x0: expected a power of two of at least 0x2000, found 0x1000";
        RawLayout layout = new RawLayout.V5Le();
        assertThatThrownBy(() -> layout.apply(MemorySegment.ofArray(filled(4096, 5)), ImageOptions.DEFAULT))
                .hasMessage(size);
        assertThatThrownBy(() -> layout.apply(MemorySegment.ofArray(new byte[0]), ImageOptions.DEFAULT))
                .hasMessage("a range of the layout is cut off at offset 0x0: expected 4096 bytes, found 0 bytes");
    }

    @Test
    void namesAreBuiltInOrFiles(@TempDir Path folder) throws Exception {
        assertThat(RawLayout.named("v5-le")).isEqualTo(new RawLayout.V5Le());
        Path file = Files.writeString(folder.resolve("layout"), LAYOUT);
        assertThat(RawLayout.named(file.toString())).isEqualTo(RawLayout.parse(LAYOUT));
        Files.writeString(file, "size 5\n");
        assertThatThrownBy(() -> RawLayout.read(file))
                .hasMessage(file + ": line 1 of the layout: expected a power of two of at least 0x2000, or \"auto\","
                        + " found \"5\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                size 0x3000          | a power of two of at least 0x2000, or "auto"                               | 0x3000
                size 0x1000          | a power of two of at least 0x2000, or "auto"                               | 0x1000
                size -1              | a number that is not negative                                              | -1
                size 9999999999999999999 | a number such as 4096 or 0x1000                                        | 9999999999999999999
                size 0xzz            | a number such as 4096 or 0x1000                                            | 0xzz
                size                 | size BYTES                                                            | size
                ssa-frame-size 0     | 1 to 65535 pages                                                           | 0
                ssa-frame-size 65536 | 1 to 65535 pages                                                           | 65536
                pages 1 2            | "size", "ssa-frame-size" or "range"                                        | pages
                range 0 0x1000 tcs   | range OFFSET LENGTH tcs                                                                            | range 0 0x1000 tcs
                range 0x10 0x1000 tcs measured | a multiple of 0x1000                                             | 0x10
                range 0 0x1001 tcs measured | a multiple of 0x1000                                                | 0x1001
                range 0 0 tcs measured | a length of at least one page                                            | 0
                range 0 0x1000 wr- measured | "tcs" or permissions such as "r-x" or "rw-"                         | wr-
                range 0 0x1000 -w- measured | "tcs" or permissions such as "r-x" or "rw-"                         | -w-
                range 0 0x1000 r-- half | "measured", "unmeasured" or a mask of 16 chunks such as 0x00ff          | half
                range 0 0x1000 r-- 0x10000 | "measured", "unmeasured" or a mask of 16 chunks such as 0x00ff       | 0x10000
                range 0 0x1000 r-- measured one | "zero" or "at BLOBOFFSET"                                       | one
                range 0 0x1000 r-- measured in 5 | "zero" or "at BLOBOFFSET"                                      | in 5
                """)
    void saysWhatIsWrongInWhichLine(String line, String expected, String found) {
        String all = "\n# second\n" + line;
        assertThatThrownBy(() -> RawLayout.parse(all))
                .isInstanceOf(ImageException.class)
                .message()
                .startsWith("line 3 of the layout: expected ")
                .endsWith("found \"" + found + "\"")
                .contains(expected);
    }

    @Test
    void wantsEveryStatement() {
        String expected = "a layout: expected \"size\", \"ssa-frame-size\" and at least one \"range\", found none of ";
        refused("", blob(), expected + "\"size\"");
        refused("size auto", blob(), expected + "\"ssa-frame-size\"");
        refused("size auto\nssa-frame-size 1", blob(), expected + "\"range\"");
    }

    @Test
    void refusesRangesThatDoNotFit() {
        String head = "size 0x4000\nssa-frame-size 1\n";
        refused(
                head + "range 0 0x4000 r-- measured",
                filled(0x2fff, 1),
                "a range of the layout is cut off at offset 0x0: expected 16384 bytes, found 12287 bytes");
        refused(
                head + "range 0 0x1000 r-- measured at 0x5000",
                filled(0x2fff, 1),
                "the place of a range of the layout: expected an offset within the file's 12287 bytes, found 0x5000");
        refused(
                head + "range 0x3000 0x2000 r-- measured zero",
                blob(),
                "pages outside the enclave at offset 0x0: expected offsets below its size 0x4000, found 0x3000 to 0x4fff");
        refused(
                head + "range 0x1000 0x2000 r-- measured zero\nrange 0x2000 0x1000 r-- measured",
                blob(),
                "page 0x2000 is added twice at offset 0x2000: expected each page once,"
                        + " found the same page described at offset 0x0 too");
        refused(
                head + "range 0x1000 0x7ffffffffffff000 r-- measured zero",
                blob(),
                "too many pages at offset 0x0: expected at most 16777216 in all, found 0 and 2251799813685247 more");
    }
}
