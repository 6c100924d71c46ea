package jsgx.launch.audit;

import java.util.SortedMap;
import java.util.TreeMap;
import jsgx.launch.json.JsonStrings;

/** JSON objects of strings and integers, as lines that anybody may have written; read with the place of each value. */
public final class FlatJson {

    private static final int FIRST_PRINTABLE = 0x20;

    private final String text;
    private final JsonStrings strings;
    private int at;

    private FlatJson(String text) {
        this.text = text;
        strings = new JsonStrings(text);
    }

    /**
     * A member of an object.
     *
     * @param value a {@link String} or a {@link Long}
     * @param column where the value begins, from 1
     */
    public record Member(Object value, int column) {}

    /** A text that is no such object. */
    public static final class Malformed extends Exception {

        private static final long serialVersionUID = 1L;

        private final int column;

        Malformed(int column, String message) {
            super(message);
            this.column = column;
        }

        /** Where that shows, from 1. */
        public int column() {
            return column;
        }
    }

    /**
     * The members of the one object in a text, whatever their order and the blanks between.
     *
     * @throws Malformed says what was expected there, and what was found
     */
    public static SortedMap<String, Member> parse(String text) throws Malformed {
        return new FlatJson(text).object();
    }

    /** Writes a string with its quotes, in the form of RFC 8785: nothing is escaped that need not be. */
    public static StringBuilder quote(StringBuilder out, String value) {
        out.append('"');
        if (isPlain(value)) {
            out.append(value);
        } else {
            value.chars().forEach(c -> escape(out, (char) c));
        }
        return out.append('"');
    }

    private static boolean isPlain(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < FIRST_PRINTABLE || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    private static void escape(StringBuilder out, char c) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            default -> {
                if (c < FIRST_PRINTABLE) {
                    out.append("\\u%04x".formatted((int) c));
                } else {
                    out.append(c);
                }
            }
        }
    }

    private SortedMap<String, Member> object() throws Malformed {
        SortedMap<String, Member> members = new TreeMap<>();
        expect('{');
        if (next() != '}') {
            do {
                blanks();
                int from = at;
                String name = string();
                expect(':');
                char first = next();
                int column = at + 1;
                Object value = first == '"' ? string() : number();
                if (members.put(name, new Member(value, column)) != null) {
                    at = from;
                    throw wrong("each member once", "\"" + name + "\" again");
                }
            } while (accept(','));
        }
        expect('}');
        blanks();
        if (at < text.length()) {
            throw wrong("nothing more", character());
        }
        return members;
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() throws Malformed {
        blanks();
        return peek();
    }

    private char peek() throws Malformed {
        if (at >= text.length()) {
            throw wrong("more", "the end");
        }
        return text.charAt(at);
    }

    private boolean accept(char c) throws Malformed {
        if (next() != c) {
            return false;
        }
        at++;
        return true;
    }

    private void expect(char c) throws Malformed {
        if (!accept(c)) {
            throw wrong("\"" + c + "\"", character());
        }
    }

    private Long number() throws Malformed {
        int from = at;
        if (peek() == '-') {
            at++;
        }
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        try {
            long value = Long.parseLong(text, from, at, 10);
            if (at == text.length() || ".eE".indexOf(text.charAt(at)) < 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        int to = Math.min(text.length(), Math.min(at + 1, from + 40));
        at = from;
        throw wrong("a string or an integer of 64 bits", "\"" + printable(text.substring(from, to)) + "\"");
    }

    private String string() throws Malformed {
        if (peek() != '"') {
            throw wrong("a string", character());
        }
        try {
            String value = strings.read(at);
            at = strings.end();
            return value;
        } catch (JsonStrings.Unexpected e) {
            at = e.at();
            throw wrong(e.expected(), at < text.length() ? character() : "the end");
        }
    }

    private Malformed wrong(String expected, String found) {
        return new Malformed(at + 1, "expected %s, found %s".formatted(expected, found));
    }

    private String character() {
        return "\"" + printable(text.substring(at, at + 1)) + "\"";
    }

    private static String printable(String found) {
        StringBuilder out = new StringBuilder();
        found.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                out.append("U+%04X".formatted(c));
            } else {
                out.append((char) c);
            }
        });
        return out.toString();
    }
}
