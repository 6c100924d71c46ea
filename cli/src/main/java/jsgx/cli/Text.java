package jsgx.cli;

import java.util.Locale;

/** How values are shown to people. */
final class Text {

    private static final String[] SIZE_UNITS = {"bytes", "KiB", "MiB", "GiB", "TiB"};

    private Text() {}

    /** A hash in hex, shortened to its first 8 and last 6 digits. */
    static String shortened(String hex) {
        return hex.length() <= 15 ? hex : hex.substring(0, 8) + "…" + hex.substring(hex.length() - 6);
    }

    /** A bit mask: {@code 0x24}. */
    static String mask(long bits) {
        return "0x" + Long.toHexString(bits);
    }

    /** A bit mask of 32 bits. */
    static String mask(int bits) {
        return mask(Integer.toUnsignedLong(bits));
    }

    /** A size with the unit that suits it: {@code 2.0 MiB}. */
    static String size(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < SIZE_UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " bytes" : decimal(value, 1) + " " + SIZE_UNITS[unit];
    }

    /** A time with the unit that suits it: {@code 12 µs}, {@code 1.71 ms}. */
    static String time(double micros) {
        if (micros < 10) {
            return decimal(micros, 1) + " µs";
        }
        if (micros < 1000) {
            return decimal(micros, 0) + " µs";
        }
        return micros < 1e6 ? decimal(micros / 1e3, 2) + " ms" : decimal(micros / 1e6, 2) + " s";
    }

    /** {@code 1 page}, {@code 2 pages}. */
    static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }

    /** A text from outside with what would disturb a terminal replaced. */
    static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints()
                .map(c -> Character.isISOControl(c) || Character.getType(c) == Character.FORMAT ? '?' : c)
                .forEach(printable::appendCodePoint);
        return printable.toString();
    }

    private static String decimal(double value, int places) {
        return String.format(Locale.ROOT, "%." + places + "f", value);
    }
}
