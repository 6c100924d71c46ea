package jsgx.image;

import static jsgx.image.Images.image;
import static jsgx.image.Images.page;
import static jsgx.image.SgxsBytes.filled;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDiffTest {

    private static final EnclavePage CODE = page(0x1000, 0x205, EnclavePage.ALL, filled(4096, 0x90));
    private static final EnclavePage DATA = page(0x2000, 0x203, EnclavePage.ALL, filled(4096, 0));
    private static final EnclavePage HEAP = page(0x3000, 0x203, EnclavePage.NONE, filled(4096, 0));

    private static List<String> texts(EnclaveImage a, EnclaveImage b) {
        return ImageDiff.diff(a, b).differences().stream()
                .map(ImageDiff.Difference::text)
                .toList();
    }

    private static List<String> kinds(EnclaveImage a, EnclaveImage b) {
        return ImageDiff.diff(a, b).differences().stream()
                .map(ImageDiff.Difference::kind)
                .toList();
    }

    @Test
    void equalImagesDoNotDiffer() {
        EnclaveImage a = image(0x4000, CODE, DATA, HEAP);
        ImageDiff diff = ImageDiff.diff(a, image(0x4000, CODE, DATA, HEAP));
        assertThat(diff.differences()).isEmpty();
        assertThat(diff.firstDivergence()).isEmpty();
    }

    @Test
    void namesContentWithItsFirstByteAndHowMany() {
        byte[] patched = filled(4096, 0x90);
        patched[0xa40] = 1;
        patched[0xa41] = 2;
        patched[0xfff] = 3;
        EnclaveImage b = image(0x4000, page(0x1000, 0x205, EnclavePage.ALL, patched), DATA);
        assertThat(texts(image(0x4000, CODE, DATA), b))
                .containsExactly("page 0x1000 differs from offset 0x1a40 on, 3 bytes");
        assertThat(ImageDiff.diff(image(0x4000, CODE, DATA), b).firstDivergence())
                .contains("EEXTEND of page 0x1000 at offset 0x1a00");
    }

    @Test
    void saysWhereContentIsNotMeasured() {
        byte[] patched = filled(4096, 0);
        patched[5] = 1;
        EnclaveImage a = image(0x4000, CODE, HEAP);
        EnclaveImage b = image(0x4000, CODE, page(0x3000, 0x203, EnclavePage.NONE, patched));
        assertThat(texts(a, b))
                .containsExactly("page 0x3000 differs from offset 0x3005 on, 1 byte, none of them measured");
        assertThat(ImageDiff.diff(a, b).firstDivergence()).isEmpty();
        assertThat(ImageMeasurement.measure(a).mrEnclave())
                .isEqualTo(ImageMeasurement.measure(b).mrEnclave());
    }

    @Test
    void namesPermissionsAndType() {
        EnclaveImage a = image(0x4000, CODE, DATA);
        EnclaveImage b = image(
                0x4000,
                page(0x1000, 0x207, EnclavePage.ALL, filled(4096, 0x90)),
                page(0x2000, 0x100, EnclavePage.ALL, filled(4096, 0)));
        assertThat(texts(a, b))
                .containsExactly("page 0x1000 is REG r-x and REG rwx", "page 0x2000 is REG rw- and TCS ---");
        assertThat(ImageDiff.diff(a, b).firstDivergence())
                .contains("EADD of page 0x1000, with its type or its permissions");
    }

    @Test
    void namesWhatIsMeasured() {
        EnclaveImage a = image(0x4000, CODE, DATA, HEAP);
        EnclaveImage b = image(
                0x4000,
                CODE,
                page(0x2000, 0x203, EnclavePage.NONE, filled(4096, 0)),
                page(0x3000, 0x203, 0x00f0, filled(4096, 0)));
        assertThat(texts(a, b))
                .containsExactly(
                        "page 0x2000 is measured whole and not at all",
                        "page 0x3000 is measured not at all and in the chunks 0x00f0");
        assertThat(ImageDiff.diff(a, b).firstDivergence()).contains("EEXTEND of page 0x2000 at offset 0x2000");
    }

    @Test
    void namesPagesThatOnlyOneHas() {
        EnclaveImage a = image(0x4000, CODE, DATA, HEAP);
        EnclaveImage b = image(0x4000, page(0, 0x100, EnclavePage.ALL, filled(4096, 0)), CODE);
        assertThat(texts(a, b))
                .containsExactly(
                        "page 0x0 is only in the second image", "pages 0x2000 to 0x3000 are only in the first image");
        assertThat(ImageDiff.diff(a, b).firstDivergence()).contains("EADD number 0, of page 0x1000 and of page 0x0");
        assertThat(ImageDiff.diff(image(0x4000, CODE), a).firstDivergence())
                .contains("EADD number 1, of page 0x2000, which only the second image has");
    }

    @Test
    void namesSizesOfTheEnclave() {
        EnclaveImage a = image(0x4000, CODE);
        EnclaveImage b = new EnclaveImage(
                EnclaveImage.Format.RAW, 0x8000, 2, List.of(CODE), EnclaveImage.UNSIGNED, SecsHints.NONE);
        assertThat(texts(a, b))
                .containsExactly(
                        "the enclave's size is 0x4000 and 0x8000 bytes", "the SSA frame size is 1 and 2 pages");
        assertThat(ImageDiff.diff(a, b).firstDivergence()).contains("ECREATE, with the size or the SSA frame size");
    }

    @Test
    void namesTheFewestPagesThatWouldHaveToMove() {
        EnclavePage tcs = page(0, 0x100, EnclavePage.ALL, filled(4096, 0));
        EnclaveImage a = image(0x4000, tcs, CODE, DATA, HEAP);
        EnclaveImage b = image(0x4000, CODE, DATA, HEAP, tcs);
        assertThat(texts(a, b)).containsExactly("page 0x0 is added as number 0 and 3");
        assertThat(kinds(a, b)).containsExactly("order");
        assertThat(ImageDiff.diff(a, b).firstDivergence()).contains("EADD number 0, of page 0x0 and of page 0x1000");
        assertThat(texts(a, image(0x4000, HEAP, DATA, CODE, tcs))).hasSize(3);
    }

    @Test
    void ignoresWhatEaddClearsInATcs() {
        byte[] dirty = filled(4096, 0);
        dirty[8] = 1;
        dirty[40] = 7;
        EnclaveImage a = image(0x4000, page(0, 0x100, EnclavePage.ALL, filled(4096, 0)), CODE);
        assertThat(texts(a, image(0x4000, page(0, 0x100, EnclavePage.ALL, dirty), CODE)))
                .isEmpty();
    }

    /** Whatever differs: the hashes differ exactly when a first divergence is named, and then some page is named too. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void agreesWithTheMeasurement(long seed) {
        EnclaveImage a = Images.random(seed);
        EnclaveImage b = Images.random(seed);
        EnclaveImage c = Images.random(seed + 100);
        assertThat(ImageDiff.diff(a, b).differences()).isEmpty();
        ImageDiff diff = ImageDiff.diff(a, c);
        boolean same = ImageMeasurement.measure(a)
                .mrEnclave()
                .equals(ImageMeasurement.measure(c).mrEnclave());
        assertThat(diff.firstDivergence().isEmpty()).isEqualTo(same);
        assertThat(diff.differences().isEmpty()).isEqualTo(same);
    }
}
