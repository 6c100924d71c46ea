package jsgx.host.fleet;

/** Foreign text as it may be shown and logged. */
final class Printable {

    private static final int MOST = 200;

    private Printable() {}

    /** The text without control characters, and not long. */
    static String of(String text) {
        String shown = text.length() > MOST ? text.substring(0, MOST) + "…" : text;
        return shown.replaceAll("\\p{Cntrl}", "?");
    }
}
