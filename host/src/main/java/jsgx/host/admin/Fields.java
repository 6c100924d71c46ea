package jsgx.host.admin;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import jsgx.launch.json.Json;
import jsgx.launch.json.MalformedJson;
import org.jspecify.annotations.Nullable;

/** The fields of a request's JSON object; each is asked for once, and one that nobody asked for is an error. */
final class Fields {

    private final Map<String, @Nullable Object> fields;
    private final Set<String> known = new LinkedHashSet<>();

    private Fields(Map<String, @Nullable Object> fields) {
        this.fields = fields;
    }

    /** Those of no object at all. */
    static Fields none() {
        return new Fields(Map.of());
    }

    /** Those in a text. */
    static Fields parse(String text) {
        try {
            return new Fields(Json.parse(text));
        } catch (MalformedJson e) {
            throw Problem.badRequest("the body is not what it should be: " + e.getMessage())
                    .expected("one JSON object")
                    .where("body");
        }
    }

    /** Whether a field is there. */
    boolean has(String name) {
        known.add(name);
        return fields.containsKey(name);
    }

    private @Nullable Object value(String name) {
        known.add(name);
        return fields.get(name);
    }

    Optional<String> string(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        if (value(name) instanceof String text) {
            return Optional.of(text);
        }
        throw wrong(name, "a string");
    }

    String required(String name) {
        return string(name).orElseThrow(() -> missing(name));
    }

    Optional<Boolean> truth(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        if (value(name) instanceof Boolean truth) {
            return Optional.of(truth);
        }
        throw wrong(name, "true or false");
    }

    /** A whole number. */
    OptionalLong number(String name, long least, long most) {
        if (!has(name)) {
            return OptionalLong.empty();
        }
        Object value = value(name);
        long number = value instanceof Long whole ? whole : value instanceof Integer whole ? whole : least - 1;
        if (value instanceof Number && number >= least && number <= most) {
            return OptionalLong.of(number);
        }
        throw wrong(name, "a whole number from %d to %d".formatted(least, most));
    }

    /** A limit: a whole number, or null for none. */
    OptionalLong limit(String name) {
        return has(name) && value(name) == null ? OptionalLong.of(Long.MAX_VALUE) : number(name, 0, Json.LARGEST_WHOLE);
    }

    Optional<Instant> time(String name) {
        return string(name).map(text -> time(name, text));
    }

    /** A time as ISO 8601 writes it. */
    static Instant time(String name, String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw Problem.badRequest("\"%s\" is no time".formatted(text))
                    .where(name)
                    .expected("a time in UTC such as 2026-01-31T08:00:00Z");
        }
    }

    /** A text that matches a pattern. */
    Optional<String> matching(String name, String pattern, String expected) {
        return string(name).map(text -> {
            if (text.matches(pattern)) {
                return text;
            }
            throw wrong(name, expected);
        });
    }

    /** A hash: 64 lower-case hexadecimal digits. */
    Optional<String> hash(String name) {
        return matching(name, "[0-9a-f]{64}", "64 lower-case hexadecimal digits");
    }

    /** A mask of bits as {@code 0x24}. */
    OptionalLong mask(String name, int bits) {
        Optional<String> text =
                matching(name, "0x[0-9a-f]{1," + bits / 4 + "}", "a mask of %d bits such as 0x24".formatted(bits));
        return text.isPresent()
                ? OptionalLong.of(Long.parseUnsignedLong(text.get().substring(2), 16))
                : OptionalLong.empty();
    }

    /** An object of strings. */
    Optional<Map<?, ?>> object(String name) {
        if (!has(name)) {
            return Optional.empty();
        }
        if (value(name) instanceof Map<?, ?> object) {
            return Optional.of(object);
        }
        throw wrong(name, "an object");
    }

    /** Nothing else may be there. */
    void end() {
        for (String name : fields.keySet()) {
            if (!known.contains(name)) {
                throw Problem.badRequest("there is no field \"%s\" in this request".formatted(name))
                        .where(name)
                        .expected(known.isEmpty() ? "no field" : "of these: " + String.join(", ", known));
            }
        }
    }

    /** How many fields there are. */
    int size() {
        return fields.size();
    }

    private static Problem missing(String name) {
        return Problem.badRequest("the field \"%s\" is missing".formatted(name)).where(name);
    }

    Problem wrong(String name, String expected) {
        Object value = fields.get(name);
        String found = String.valueOf(value);
        return Problem.badRequest("the field \"%s\" is not %s".formatted(name, expected))
                .where(name)
                .expected(expected)
                .found(found.length() > 100 ? found.substring(0, 100) + "…" : found);
    }
}
