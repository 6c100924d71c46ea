package jsgx.cli;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers on the command line: decimal, or hexadecimal after 0x; up to 64 bits without sign. */
final class Numbers {

    private Numbers() {}

    /** A mask of 64 bits. */
    static final class Mask64 implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            return unsigned(text, 64);
        }
    }

    /** A mask of 32 bits. */
    static final class Mask32 implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return (int) unsigned(text, 32);
        }
    }

    /** A number of 16 bits. */
    static final class U16 implements ITypeConverter<Integer> {
        @Override
        public Integer convert(String text) {
            return (int) unsigned(text, 16);
        }
    }

    private static long unsigned(String text, int bits) {
        boolean hex = text.toLowerCase(Locale.ROOT).startsWith("0x");
        String digits = (hex ? text.substring(2) : text).replace("_", "");
        try {
            if (digits.isEmpty() || Character.digit(digits.charAt(0), 16) < 0) {
                throw new NumberFormatException(text);
            }
            long value = Long.parseUnsignedLong(digits, hex ? 16 : 10);
            if (bits < 64 && value >>> bits != 0) {
                throw new TypeConversionException("\"" + text + "\" does not fit into " + bits + " bits");
            }
            return value;
        } catch (NumberFormatException e) {
            throw new TypeConversionException("\"" + Text.printable(text) + "\" is no number of " + bits
                    + " bits: expected for example 7 or 0x24");
        }
    }
}
