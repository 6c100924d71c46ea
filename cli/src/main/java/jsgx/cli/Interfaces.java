package jsgx.cli;

import java.util.Locale;
import jsgx.driver.InterfaceKind;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** The name of a driver's interface on the command line and in JSON. */
final class Interfaces implements ITypeConverter<InterfaceKind> {

    @Override
    public InterfaceKind convert(String text) {
        for (InterfaceKind kind : InterfaceKind.values()) {
            if (id(kind).equals(text)) {
                return kind;
            }
        }
        throw new TypeConversionException(
                "there is no interface \"" + Text.printable(text) + "\": expected mainline, v5 or isgx");
    }

    /** {@code mainline}, {@code v5} or {@code isgx}. */
    static String id(InterfaceKind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
