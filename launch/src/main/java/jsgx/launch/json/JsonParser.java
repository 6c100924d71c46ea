package jsgx.launch.json;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a JSON text that anybody may have written, by RFC 8259 and no wider: a reader that makes a guess where a text is no JSON would take two programs'
 * different readings for one. Of what that document leaves open it refuses names twice, surrogates without their other half and numbers that Java's types do not hold.
 */
final class JsonParser {

    private static final int DEEPEST = 16;
    private static final String END = "the text ends too early";

    private final String text;
    private final JsonStrings strings;
    private int at;
    private int depth;

    private JsonParser(String text) {
        this.text = text;
        strings = new JsonStrings(text);
    }

    /** The one object in a text. */
    static Map<String, @Nullable Object> object(String text) throws MalformedJson {
        JsonParser parser = new JsonParser(text);
        parser.blanks();
        if (parser.peek() != '{') {
            parser.value();
            throw new MalformedJson("JSON, and no object");
        }
        Map<String, @Nullable Object> object = parser.object();
        parser.blanks();
        if (parser.at < text.length()) {
            throw new MalformedJson("something stands behind the object, at character " + (parser.at + 1));
        }
        return object;
    }

    private @Nullable Object value() throws MalformedJson {
        return switch (peek()) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> literal("true", true);
            case 'f' -> literal("false", false);
            case 'n' -> literal("null", null);
            default -> number();
        };
    }

    private Map<String, @Nullable Object> object() throws MalformedJson {
        Map<String, @Nullable Object> object = new LinkedHashMap<>();
        open();
        if (!accept('}')) {
            do {
                blanks();
                int from = at;
                String name = string();
                if (object.containsKey(name)) {
                    at = from;
                    throw wrong("a name is there twice in one object");
                }
                expect(':');
                blanks();
                object.put(name, value());
            } while (accept(','));
            expect('}');
        }
        depth--;
        return object;
    }

    private List<@Nullable Object> array() throws MalformedJson {
        List<@Nullable Object> array = new ArrayList<>();
        open();
        if (!accept(']')) {
            do {
                blanks();
                array.add(value());
            } while (accept(','));
            expect(']');
        }
        depth--;
        return array;
    }

    /** Behind an opening bracket: this parser calls itself for each, and must not be led too deep. */
    private void open() throws MalformedJson {
        if (++depth > DEEPEST) {
            throw new MalformedJson("nested deeper than %s levels, at character %s".formatted(DEEPEST, at + 1));
        }
        at++;
    }

    private @Nullable Object literal(String word, @Nullable Object value) throws MalformedJson {
        if (!text.startsWith(word, at)) {
            throw wrong("no value stands here");
        }
        at += word.length();
        return value;
    }

    private Number number() throws MalformedJson {
        int from = at;
        skip('-');
        if (!skip('0')) {
            digits();
        }
        boolean whole = true;
        if (skip('.')) {
            whole = false;
            digits();
        }
        if (skip('e') || skip('E')) {
            whole = false;
            if (!skip('+')) {
                skip('-');
            }
            digits();
        }
        String number = text.substring(from, at);
        try {
            if (whole) {
                return Long.parseLong(number);
            }
        } catch (NumberFormatException e) {
            at = from;
            throw wrong("a whole number beyond 64 bits");
        }
        double real = Double.parseDouble(number);
        if (!Double.isFinite(real)) {
            at = from;
            throw wrong("a number beyond what 64 bits of floating point hold");
        }
        // Not a conditional expression: that would make a double of both.
        if (real == Math.rint(real) && Math.abs(real) <= Json.LARGEST_WHOLE) {
            return (long) real;
        }
        return real;
    }

    private void digits() throws MalformedJson {
        int from = at;
        while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
            at++;
        }
        if (at == from) {
            throw wrong(at < text.length() ? "no value stands here" : END);
        }
    }

    private String string() throws MalformedJson {
        if (peek() != '"') {
            throw wrong("a string is missing");
        }
        String value;
        try {
            value = strings.read(at);
        } catch (JsonStrings.Unexpected e) {
            at = e.at();
            throw wrong(at < text.length() ? "expected %s in a string".formatted(e.expected()) : END);
        }
        if (value.codePoints().anyMatch(c -> c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE)) {
            throw wrong("half of a surrogate pair stands in a string");
        }
        at = strings.end();
        return value;
    }

    private void blanks() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private char peek() throws MalformedJson {
        if (at >= text.length()) {
            throw wrong(END);
        }
        return text.charAt(at);
    }

    private boolean skip(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private boolean accept(char c) {
        blanks();
        return skip(c);
    }

    private void expect(char c) throws MalformedJson {
        if (!accept(c)) {
            throw wrong(at < text.length() ? "\"%s\" is missing".formatted(c) : END);
        }
    }

    private MalformedJson wrong(String what) {
        return new MalformedJson("no JSON: %s, at character %s".formatted(what, at + 1));
    }
}
