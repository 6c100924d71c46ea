package jsgx.arch.struct;

/** Renders a set of bits with the manual's names. */
final class BitNames {
    private BitNames() {}

    /** The names, by bit number, of the bits set in {@code bits}, joined by {@code |}; what has no name comes last, in hex. */
    static String render(long bits, String[] names) {
        StringBuilder text = new StringBuilder();
        long unnamed = bits;
        for (int bit = 0; bit < names.length; bit++) {
            if ((bits >>> bit & 1) != 0 && !names[bit].isEmpty()) {
                append(text, names[bit]);
                unnamed &= ~(1L << bit);
            }
        }
        if (unnamed != 0 || bits == 0) {
            append(text, bits == 0 ? "0" : "0x" + Long.toHexString(unnamed));
        }
        return text.toString();
    }

    private static void append(StringBuilder text, String name) {
        if (!text.isEmpty()) {
            text.append('|');
        }
        text.append(name);
    }
}
