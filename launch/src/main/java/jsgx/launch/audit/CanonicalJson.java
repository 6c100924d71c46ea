package jsgx.launch.audit;

import java.util.SortedMap;
import java.util.TreeMap;
import jsgx.launch.LaunchException;

/**
 * JSON objects of strings and integers in the one form of RFC 8785: members sorted, no blanks, nothing escaped that need not be. Whoever
 * has a JSON library can make the same bytes of the same object, and so the same hash.
 */
final class CanonicalJson {

    private static final int FIRST_PRINTABLE = 0x20;

    private final String text;
    private int at;

    private CanonicalJson(String text) {
        this.text = text;
    }

    /** Writes an object, whose members are added in the order of their names. */
    static final class Writer {
        private final StringBuilder out = new StringBuilder(1024).append('{');

        Writer add(String name, String value) {
            name(name);
            quote(value);
            return this;
        }

        Writer add(String name, long value) {
            name(name);
            out.append(value);
            return this;
        }

        private void name(String name) {
            if (out.length() > 1) {
                out.append(',');
            }
            quote(name);
            out.append(':');
        }

        private void quote(String value) {
            out.append('"');
            if (isPlain(value)) {
                out.append(value);
            } else {
                value.chars().forEach(c -> escape((char) c));
            }
            out.append('"');
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

        private void escape(char c) {
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

        /** The text of the whole object. */
        String end() {
            return out.append('}').toString();
        }
    }

    /** The canonical text of an object; its values are strings and longs. */
    static String write(SortedMap<String, Object> members) {
        Writer writer = new Writer();
        members.forEach((name, value) -> {
            if (value instanceof Long number) {
                writer.add(name, number);
            } else {
                writer.add(name, value.toString());
            }
        });
        return writer.end();
    }

    /** The members of an object of strings and integers, in whatever form. */
    static SortedMap<String, Object> parse(String text) throws LaunchException {
        return new CanonicalJson(text).object();
    }

    private SortedMap<String, Object> object() throws LaunchException {
        SortedMap<String, Object> members = new TreeMap<>();
        expect('{');
        if (next() != '}') {
            do {
                blanks();
                String name = string();
                expect(':');
                if (members.put(name, next() == '"' ? string() : number()) != null) {
                    throw wrong("each member once", "\"" + name + "\" again");
                }
            } while (accept(','));
        }
        expect('}');
        blanks();
        if (at < text.length()) {
            throw wrong("nothing more", "\"" + text.charAt(at) + "\"");
        }
        return members;
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char next() throws LaunchException {
        blanks();
        return peek();
    }

    private char peek() throws LaunchException {
        if (at >= text.length()) {
            throw wrong("more", "the end");
        }
        return text.charAt(at);
    }

    private boolean accept(char c) throws LaunchException {
        if (next() != c) {
            return false;
        }
        at++;
        return true;
    }

    private void expect(char c) throws LaunchException {
        if (!accept(c)) {
            throw wrong("\"" + c + "\"", "\"" + peek() + "\"");
        }
    }

    private Object number() throws LaunchException {
        int from = at;
        if (peek() == '-') {
            at++;
        }
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        try {
            return Long.parseLong(text, from, at, 10);
        } catch (NumberFormatException e) {
            throw wrong("a string or an integer", "\"" + text.substring(from, Math.min(text.length(), at + 1)) + "\"");
        }
    }

    private String string() throws LaunchException {
        if (peek() != '"') {
            throw wrong("a string", "\"" + peek() + "\"");
        }
        StringBuilder value = new StringBuilder();
        at++;
        while (peek() != '"') {
            char c = text.charAt(at++);
            if (c < FIRST_PRINTABLE) {
                throw wrong("an escaped control character", "U+%04X".formatted((int) c));
            }
            value.append(c == '\\' ? escaped() : c);
        }
        at++;
        return value.toString();
    }

    private char escaped() throws LaunchException {
        char c = peek();
        at++;
        return switch (c) {
            case '"', '\\', '/' -> c;
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> {
                int value = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = Character.digit(peek(), 16);
                    if (digit < 0) {
                        throw wrong("four hex digits", "\"" + peek() + "\"");
                    }
                    value = value << 4 | digit;
                    at++;
                }
                yield (char) value;
            }
            default -> throw wrong("an escape of JSON", "\"\\" + c + "\"");
        };
    }

    private LaunchException wrong(String expected, String found) {
        return new LaunchException("at character %d expected %s, found %s".formatted(at + 1, expected, found));
    }
}
