package jsgx.launch.json;

/**
 * The strings of a JSON text that anybody may have written, by RFC 8259 and no wider. A surrogate without its other half, which that document leaves open, is read as it
 * stands.
 */
public final class JsonStrings {

    private static final int FIRST_PRINTABLE = 0x20;
    private static final int HEX = 16;

    private final String text;
    private int at;

    /** Those of a text. */
    public JsonStrings(String text) {
        this.text = text;
    }

    /** What stands in a string is not what may. */
    public static final class Unexpected extends Exception {

        private static final long serialVersionUID = 1;

        private final String expected;
        private final int at;

        private Unexpected(String expected, int at) {
            super("expected %s, at character %d".formatted(expected, at + 1));
            this.expected = expected;
            this.at = at;
        }

        /** What may stand there. */
        public String expected() {
            return expected;
        }

        /** Where, from 0; the text's length where it ends too early. */
        public int at() {
            return at;
        }
    }

    /**
     * A string's value.
     *
     * @param from where its opening quote is, from 0
     */
    public String read(int from) throws Unexpected {
        at = from + 1;
        while (peek() >= FIRST_PRINTABLE && peek() != '"' && peek() != '\\') {
            at++;
        }
        // Most have nothing escaped.
        return peek() == '"' ? text.substring(from + 1, at++) : escaped(from + 1);
    }

    /** Behind the closing quote of what was read last. */
    public int end() {
        return at;
    }

    private String escaped(int from) throws Unexpected {
        StringBuilder value = new StringBuilder().append(text, from, at);
        for (char c = peek(); c != '"'; c = peek()) {
            if (c < FIRST_PRINTABLE) {
                throw new Unexpected("an escaped control character", at);
            }
            at++;
            value.append(c == '\\' ? escape() : c);
        }
        at++;
        return value.toString();
    }

    private char escape() throws Unexpected {
        char c = peek();
        char value = switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> (char) (hexDigit() << 12 | hexDigit() << 8 | hexDigit() << 4 | hexDigit());
            default -> throw new Unexpected("an escape of JSON", at);
        };
        at++;
        return value;
    }

    /** The next character's: it goes there. */
    private int hexDigit() throws Unexpected {
        at++;
        char c = peek();
        // Other scripts have digits too.
        int digit = c <= 'f' ? Character.digit(c, HEX) : -1;
        if (digit < 0) {
            throw new Unexpected("four hex digits", at);
        }
        return digit;
    }

    private char peek() throws Unexpected {
        if (at >= text.length()) {
            throw new Unexpected("more", at);
        }
        return text.charAt(at);
    }
}
