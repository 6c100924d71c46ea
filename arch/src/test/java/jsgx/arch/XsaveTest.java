package jsgx.arch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XsaveTest {

    /** Sizes that CPUID.0DH gives on real machines with these features in XCR0. */
    @ParameterizedTest
    @CsvSource({"0x3, 576", "0x7, 832", "0x1f, 1088", "0xe7, 2688", "0x2e7, 2696", "0x602e7, 11008", "0x203, 2696"})
    void theSizeOfTheArea(String xfrm, int size) {
        assertThat(Xsave.size(Long.decode(xfrm))).isEqualTo(size);
    }

    @ParameterizedTest
    @CsvSource({
        "0x3, true",
        "0x0, false",
        "0x1, false",
        "0x2, false",
        "0x7, true",
        "0x0b, false",
        "0x13, false",
        "0x1b, true",
        "0x1f, true",
        "0xe7, true",
        "0xe3, false",
        "0x67, false",
        "0x27, false",
        "0x203, true",
        "0x60003, true",
        "0x20003, false",
        "0x40003, false",
    })
    void whatXsetbvTakes(String xfrm, boolean legal) {
        assertThat(Xsave.isLegal(Long.decode(xfrm))).isEqualTo(legal);
    }
}
