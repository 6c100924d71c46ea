package jsgx.study.report;

import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/** Figures and lists as people read them. */
public final class Say {

    private static final String[] SIZES = {"bytes", "KiB", "MiB", "GiB", "TiB"};

    private Say() {}

    /** A time in the unit that suits it, with three digits. */
    public static String micros(double micros) {
        double size = Math.abs(micros);
        if (size < 999.5) {
            return digits(micros) + " µs";
        }
        return size < 999_500 ? digits(micros / 1e3) + " ms" : digits(micros / 1e6) + " s";
    }

    /** A size, as exact as one unit can be: limits are mostly whole. */
    public static String bytes(long bytes) {
        int unit = 0;
        double value = (double) bytes;
        while (value >= 1024 && unit < SIZES.length - 1) {
            value /= 1024;
            unit++;
        }
        return (value == Math.rint(value) ? String.format(Locale.ROOT, "%.0f", value) : decimal(value, 1)) + " "
                + SIZES[unit];
    }

    /** A hit ratio in percent. */
    public static String percent(double ratio) {
        return decimal(100 * ratio, 1) + "%";
    }

    /** A difference of ratios. */
    static String points(double difference) {
        return decimal(100 * Math.abs(difference), 1) + " points";
    }

    /** By how much the smaller of two is less. */
    static String less(double one, double other) {
        return decimal(100 * (1 - Math.min(one, other) / Math.max(one, other)), 0) + "% less";
    }

    static String times(double factor) {
        return decimal(factor, factor < 10 ? 2 : 0);
    }

    static String count(double number) {
        return number == Math.rint(number) || Math.abs(number) >= 1000
                ? String.format(Locale.ROOT, "%,.0f", number).replace(',', '\u202f')
                : digits(number);
    }

    static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number).replace(',', '\u202f');
    }

    static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }

    /** Three digits, or as many as stand before the point. */
    static String digits(double value) {
        double size = Math.abs(value);
        return decimal(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
    }

    /** {@code a}, {@code a and b}, {@code a, b and c}. */
    static String list(List<String> words) {
        return switch (words.size()) {
            case 0 -> "none";
            case 1 -> words.getFirst();
            default -> String.join(", ", words.subList(0, words.size() - 1)) + " and " + words.getLast();
        };
    }

    static <T> String list(List<T> things, java.util.function.Function<T, String> word) {
        return list(things.stream().map(word).toList());
    }

    /** Limits that follow each other as a range. */
    static String limits(List<Long> some, List<Long> all) {
        if (some.equals(all) && some.size() > 1) {
            return "every limit";
        }
        if (some.size() > 2 && all.indexOf(some.getLast()) - all.indexOf(some.getFirst()) == some.size() - 1) {
            return bytes(some.getFirst()) + " to " + bytes(some.getLast());
        }
        return list(some, limit -> bytes(limit));
    }

    static String capital(String text) {
        UnaryOperator<String> first = part -> part.substring(0, 1).toUpperCase(Locale.ROOT);
        return text.isEmpty() ? text : first.apply(text) + text.substring(1);
    }
}
