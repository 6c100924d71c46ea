package jsgx.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.util.Map;
import jsgx.arch.Vectors;
import jsgx.arch.struct.Sigstruct;
import org.junit.jupiter.api.Test;

class SigningDateTest {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2018-01-31T23:59:59Z"));

    @Test
    void isBinaryCodedDecimal() throws ImageException {
        assertThat(SigningDate.parse("2017-12-19").bcd()).isEqualTo(0x20171219);
        assertThat(SigningDate.of(LocalDate.of(9999, 12, 31)).bcd()).isEqualTo(0x99991231);
        assertThat(new SigningDate(0x20171219).text()).isEqualTo("2017-12-19");
        assertThat(new SigningDate(0x20171219).isDay()).isTrue();
        assertThat(new SigningDate(0x20170230).isDay()).isFalse();
        assertThat(new SigningDate(0).isDay()).isFalse();
    }

    @Test
    void realSigstructsHaveRealDays() {
        assertThat(new SigningDate(Sigstruct.of(Vectors.bytes("intel-le-1.6.sigstruct"))
                                .date())
                        .isDay())
                .isTrue();
        assertThat(new SigningDate(Sigstruct.of(Vectors.bytes("intel-kernel-le-2019.sigstruct"))
                                .date())
                        .text())
                .startsWith("2019-");
    }

    @Test
    void comesFromTheEnvironmentElseFromTheClock() throws ImageException {
        assertThat(SigningDate.fromEnvironment(Map.of(), CLOCK).text()).isEqualTo("2018-01-31");
        assertThat(SigningDate.fromEnvironment(Map.of("SOURCE_DATE_EPOCH", "1513641600"), CLOCK)
                        .text())
                .isEqualTo("2017-12-19");
    }

    @Test
    void refusesWhatIsNoDay() {
        assertThatThrownBy(() -> SigningDate.parse("19.12.2017"))
                .hasMessage("the day of signing: expected a day such as 2017-12-19, found \"19.12.2017\"");
        assertThatThrownBy(() -> SigningDate.of(LocalDate.of(10000, 1, 1)))
                .hasMessage("the day of signing: expected a year of four digits, found +10000-01-01");
        for (String epoch : new String[] {"now", "99999999999999999999", "9223372036854775807"}) {
            assertThatThrownBy(() -> SigningDate.fromEnvironment(Map.of("SOURCE_DATE_EPOCH", epoch), CLOCK))
                    .hasMessage("SOURCE_DATE_EPOCH: expected seconds since 1970-01-01, found \"" + epoch + "\"");
        }
    }
}
