package jsgx.cli;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A size on the command line: a number, perhaps with a fraction, and a unit: {@code 64M}, {@code 93.5MiB}. */
final class Sizes implements ITypeConverter<Long> {

    /** No size. */
    static final long NONE = -1;

    private static final String EXPECTED = "a size such as 64MiB, 93.5M or 4096";
    private static final int PAGE = 4096;
    private static final int MAX_BITS = 62;

    @Override
    public Long convert(String text) {
        return pages(text);
    }

    /** A size in whole bytes, 0 included. */
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            BigDecimal bytes = number(text).multiply(BigDecimal.valueOf(unit(text)));
            BigInteger whole = bytes.toBigInteger();
            if (whole.bitLength() > MAX_BITS || new BigDecimal(whole).compareTo(bytes) != 0) {
                throw new TypeConversionException(
                        "\"" + text + "\" is no number of whole bytes in range: expected " + EXPECTED);
            }
            return whole.longValue();
        }
    }

    /** A size in whole bytes, or {@code none}, which is {@link #NONE}. */
    static final class BytesOrNone implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return text.equals("none") ? NONE : new Bytes().convert(text);
        }
    }

    /** A size that is a positive number of whole pages. */
    static long pages(String text) {
        BigDecimal bytes = number(text).multiply(BigDecimal.valueOf(unit(text)));
        BigInteger whole = bytes.toBigInteger();
        if (bytes.signum() <= 0 || whole.bitLength() > MAX_BITS) {
            throw new TypeConversionException("\"" + text + "\" is out of range: expected " + EXPECTED);
        }
        if (new BigDecimal(whole).compareTo(bytes) != 0 || whole.longValue() % PAGE != 0) {
            throw new TypeConversionException("\"" + text + "\" is "
                    + bytes.stripTrailingZeros().toPlainString() + " bytes: expected a multiple of a page, 4096 bytes");
        }
        return whole.longValue();
    }

    private static int digits(String text) {
        int end = 0;
        while (end < text.length() && (Character.digit(text.charAt(end), 10) >= 0 || text.charAt(end) == '.')) {
            end++;
        }
        return end;
    }

    private static BigDecimal number(String text) {
        String digits = text.substring(0, digits(text));
        // More digits than any size has would only take time.
        if (digits.length() > 30) {
            throw wrong(text);
        }
        try {
            return new BigDecimal(digits);
        } catch (NumberFormatException e) {
            throw wrong(text);
        }
    }

    private static long unit(String text) {
        String unit = text.substring(digits(text)).strip().toUpperCase(Locale.ROOT);
        return switch (unit) {
            case "", "B", "BYTES" -> 1;
            case "K", "KIB" -> 1L << 10;
            case "M", "MIB" -> 1L << 20;
            case "G", "GIB" -> 1L << 30;
            case "T", "TIB" -> 1L << 40;
            case "KB", "MB", "GB", "TB" ->
                throw new TypeConversionException(
                        "\"" + text + "\" counts in powers of ten, memory in powers of two: write "
                                + text.substring(0, digits(text)) + unit.charAt(0) + "iB");
            default -> throw wrong(text);
        };
    }

    private static TypeConversionException wrong(String text) {
        return new TypeConversionException("\"" + Text.printable(text) + "\" is no size: expected " + EXPECTED);
    }
}
