package jsgx.cli;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.store.Terms;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A life expectancy on the command line: a whole number and a unit, or {@code never} for one without end. */
final class Lives implements ITypeConverter<Duration> {

    private static final Pattern LIFE = Pattern.compile("(\\d{1,9})([smhdwy])");
    private static final int DAYS_A_YEAR = 365;

    @Override
    public Duration convert(String text) {
        if (text.equals("never")) {
            return Terms.DEFAULT.life();
        }
        Matcher life = LIFE.matcher(text.toLowerCase(Locale.ROOT));
        if (!life.matches()) {
            throw new TypeConversionException("\"" + Text.printable(text)
                    + "\" is no span of time: expected a number with s, m, h, d, w or y, for example 30d, or never");
        }
        long number = Long.parseLong(life.group(1));
        return switch (life.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            case "w" -> Duration.of(number * ChronoUnit.WEEKS.getDuration().toDays(), ChronoUnit.DAYS);
            default -> Duration.ofDays(number * DAYS_A_YEAR);
        };
    }
}
