package jsgx.study.run;

import io.avaje.json.JsonException;
import io.avaje.json.JsonWriter;
import io.avaje.json.mapper.JsonMapper;
import io.avaje.json.stream.JsonStream;
import java.io.StringWriter;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON in one line, and what foreign JSON may be. */
public final class JsonText {

    /** The largest whole number that every JSON program reads as it was written. */
    static final long LARGEST = (1L << 53) - 1;

    private static final int DEEPEST = 16;
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private JsonText() {}

    /**
     * A value in one line.
     *
     * @param value a string, number, boolean, a map or a collection of those, or null
     */
    public static String line(@Nullable Object value) {
        return text(value, false);
    }

    /** A value as people read it, over several lines. */
    public static String pretty(@Nullable Object value) {
        return text(value, true);
    }

    private static String text(@Nullable Object value, boolean pretty) {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = JsonStream.builder().build().writer(text)) {
            writer.pretty(pretty);
            writer.serializeNulls(true);
            writer.serializeEmpty(true);
            write(writer, value);
        }
        return text.toString();
    }

    private static void write(JsonWriter writer, @Nullable Object value) {
        switch (value) {
            case null -> writer.nullValue();
            case Map<?, ?> object -> {
                writer.beginObject();
                object.forEach((name, field) -> {
                    writer.name(String.valueOf(name));
                    write(writer, field);
                });
                writer.endObject();
            }
            case Collection<?> array -> {
                writer.beginArray();
                array.forEach(element -> write(writer, element));
                writer.endArray();
            }
            case String string -> writer.value(string);
            case Boolean truth -> writer.value(truth.booleanValue());
            case Integer number -> writer.value(number.intValue());
            case Long number -> writer.value(number.longValue());
            case Double number -> writer.value(number.doubleValue());
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    /**
     * The object that a line holds.
     *
     * @throws StudyException with the reason where it holds none
     */
    static Map<?, ?> object(String line) throws StudyException {
        int depth = 0;
        boolean quoted = false;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (quoted) {
                if (c == '\\') {
                    i++;
                } else if (c == '"') {
                    quoted = false;
                }
            } else if (c == '"') {
                quoted = true;
            } else if (c == '{' || c == '[') {
                // A parser that calls itself for each bracket must not be led too deep.
                if (++depth > DEEPEST) {
                    throw new StudyException("nested deeper than " + DEEPEST + " levels");
                }
            } else if (c == '}' || c == ']') {
                depth--;
            }
        }
        try {
            if (MAPPER.fromJson(line) instanceof Map<?, ?> object) {
                return object;
            }
        } catch (JsonException | IllegalStateException | IllegalArgumentException e) {
            throw new StudyException("no JSON: " + firstLine(e));
        }
        throw new StudyException("no JSON object");
    }

    private static String firstLine(RuntimeException e) {
        String message = String.valueOf(e.getMessage());
        int end = message.indexOf(", following");
        return end < 0 ? message : message.substring(0, end);
    }
}
