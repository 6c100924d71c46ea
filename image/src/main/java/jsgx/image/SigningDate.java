package jsgx.image;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Map;

/**
 * SIGSTRUCT.DATE: a day in binary coded decimal, 0xYYYYMMDD.
 *
 * @param bcd the field's value
 */
public record SigningDate(int bcd) {

    /** The environment's variable that stands for the time in reproducible builds: seconds since 1970-01-01. */
    public static final String SOURCE_DATE_EPOCH = "SOURCE_DATE_EPOCH";

    /** A day. */
    public static SigningDate of(LocalDate day) throws ImageException {
        if (day.getYear() < 0 || day.getYear() > 9999) {
            throw ImageException.of("the day of signing", "a year of four digits", day.toString());
        }
        return new SigningDate(Integer.parseUnsignedInt(day.toString().replace("-", ""), 16));
    }

    /** A day as people write it, 2017-12-19. */
    public static SigningDate parse(String day) throws ImageException {
        try {
            return of(LocalDate.parse(day));
        } catch (DateTimeException e) {
            throw ImageException.of("the day of signing", "a day such as 2017-12-19", "\"" + day + "\"");
        }
    }

    /** The day that the environment names in {@link #SOURCE_DATE_EPOCH}, else that of the clock, in UTC. */
    public static SigningDate fromEnvironment(Map<String, String> environment, InstantSource clock)
            throws ImageException {
        String epoch = environment.getOrDefault(SOURCE_DATE_EPOCH, "");
        try {
            Instant instant = epoch.isEmpty() ? clock.instant() : Instant.ofEpochSecond(Long.parseLong(epoch));
            return of(instant.atOffset(ZoneOffset.UTC).toLocalDate());
        } catch (NumberFormatException | DateTimeException e) {
            throw ImageException.of(SOURCE_DATE_EPOCH, "seconds since 1970-01-01", "\"" + epoch + "\"");
        }
    }

    /** Whether the value is a day at all. */
    public boolean isDay() {
        try {
            LocalDate.parse(text());
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }

    /** As people write it, 2017-12-19; a value that is no day looks the same and has other digits. */
    public String text() {
        String digits = "%08x".formatted(bcd);
        return digits.substring(0, 4) + "-" + digits.substring(4, 6) + "-" + digits.substring(6);
    }
}
