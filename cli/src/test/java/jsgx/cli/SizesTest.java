package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizesTest {

    @ParameterizedTest
    @CsvSource({
        "4096, 4096",
        "4K, 4096",
        "64M, 67108864",
        "64MiB, 67108864",
        "64mib, 67108864",
        "64 MiB, 67108864",
        "93.5MiB, 98041856",
        "0.5G, 536870912",
        "8192b, 8192",
        "1T, 1099511627776"
    })
    void aSizeIsANumberAndAUnit(String text, long bytes) {
        assertThat(Sizes.pages(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "M",
                "64Q",
                "-4K",
                "+4K",
                "0",
                "0M",
                "1",
                "4097",
                "0.3M",
                "1.5.2M",
                ".",
                "1e9",
                "0x1000",
                "64MB",
                "99999999999T",
                "999999999999999999999999999999999999999999999",
                "NaN"
            })
    void whatIsNoNumberOfWholePagesIsRefused(String text) {
        assertThatThrownBy(() -> Sizes.pages(text))
                .isInstanceOf(TypeConversionException.class)
                .hasMessageContaining("\"" + text + "\"")
                .hasMessageContaining(text.equals("64MB") ? "write 64MiB" : "expected");
    }
}
