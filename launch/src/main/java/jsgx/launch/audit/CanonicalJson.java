package jsgx.launch.audit;

import java.util.SortedMap;
import java.util.TreeMap;
import jsgx.launch.LaunchException;

/**
 * JSON objects of strings and integers in the one form of RFC 8785: members sorted, no blanks, nothing escaped that need not be. Whoever
 * has a JSON library can make the same bytes of the same object, and so the same hash.
 */
final class CanonicalJson {

    private CanonicalJson() {}

    /** Writes an object, whose members are added in the order of their names. */
    static final class Writer {
        private final StringBuilder out = new StringBuilder(1024).append('{');

        Writer add(String name, String value) {
            name(name);
            FlatJson.quote(out, value);
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
            FlatJson.quote(out, name);
            out.append(':');
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
        try {
            SortedMap<String, Object> values = new TreeMap<>();
            FlatJson.parse(text).forEach((name, member) -> values.put(name, member.value()));
            return values;
        } catch (FlatJson.Malformed e) {
            throw new LaunchException("at character %d %s".formatted(e.column(), e.getMessage()), e);
        }
    }
}
