package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextTest {

    @Test
    void aHashIsShortenedTo8And6Digits() {
        assertThat(Text.shortened("83d719e77deaca1470f6baf62a4d774303c899db69020f9c70ee1dfc08c7ce9e"))
                .isEqualTo("83d719e7…c7ce9e");
        assertThat(Text.shortened("00112233445566")).isEqualTo("00112233445566");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1023, 1023 bytes",
        "1024, 1.0 KiB",
        "4096, 4.0 KiB",
        "2097152, 2.0 MiB",
        "98041856, 93.5 MiB",
        "1099511627776, 1.0 TiB"
    })
    void sizesHaveTheUnitThatSuitsThem(long bytes, String text) {
        assertThat(Text.size(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0.04, 0.0 µs", "9.94, 9.9 µs", "12.3, 12 µs", "1710, 1.71 ms", "2500000, 2.50 s"})
    void timesHaveTheUnitThatSuitsThem(double micros, String text) {
        assertThat(Text.time(micros)).isEqualTo(text);
    }

    @Test
    void aMaskOf32BitsHasNoSign() {
        assertThat(Text.mask(-1)).isEqualTo("0xffffffff");
        assertThat(Text.mask(-1L)).isEqualTo("0xffffffffffffffff");
    }

    @Test
    void whatWouldDisturbATerminalIsReplaced() {
        assertThat(Text.printable("a\u001b[2Jb\r\nc\u202ed é…")).isEqualTo("a?[2Jb??c?d é…");
    }

    @Test
    void oneIsNotMany() {
        assertThat(Text.count(1, "page")).isEqualTo("1 page");
        assertThat(Text.count(0, "page")).isEqualTo("0 pages");
    }
}
