package jsgx.launch.json;

import io.avaje.json.JsonWriter;
import io.avaje.json.stream.JsonStream;
import java.io.StringWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON object, its fields in the order in which they were put. A field is a string, number, boolean, {@link Json}, a map or a collection of those, or null; a double that is no
 * number becomes null.
 */
public final class Json {

    /** The largest whole number that every JSON program reads as it was written. */
    public static final long LARGEST_WHOLE = (1L << 53) - 1;

    private static final JsonStream STREAM =
            JsonStream.builder().serializeNulls(true).serializeEmpty(true).build();

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /** An object with no fields yet. */
    public Json() {}

    /** Adds a field. */
    public Json put(String name, @Nullable Object value) {
        fields.put(name, value);
        return this;
    }

    /** Adds the fields of another object. */
    public Json putAll(Json other) {
        fields.putAll(other.fields);
        return this;
    }

    /** Adds fields, as another JSON document has them. */
    public Json putAll(Map<String, ?> other) {
        fields.putAll(other);
        return this;
    }

    /** The document in one line. */
    public String line() {
        return line(this);
    }

    /** The document as people read it, over several lines. */
    public String pretty() {
        return text(this, true);
    }

    @Override
    public String toString() {
        return line();
    }

    /** Whatever a field can be, in one line. */
    public static String line(@Nullable Object value) {
        return text(value, false);
    }

    private static String text(@Nullable Object value, boolean pretty) {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = STREAM.writer(text)) {
            writer.pretty(pretty);
            write(writer, value);
        }
        return text.toString();
    }

    private static void write(JsonWriter writer, @Nullable Object value) {
        switch (value) {
            case null -> writer.nullValue();
            case Json object -> write(writer, object.fields);
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
            case Double number when !Double.isFinite(number) -> writer.nullValue();
            case Double number -> writer.value(number.doubleValue());
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }

    /**
     * The one object in a text that anybody may have written: of strings, booleans, maps and lists of those, nulls, and numbers, which are {@link Long} where they are whole (those
     * with a point or an exponent: up to {@link #LARGEST_WHOLE}) and {@link Double} else.
     *
     * @throws MalformedJson where there is none, a field is there twice, a string has half of a surrogate pair, a number is none that those types hold, something stands behind the
     *     object, or it is nested deeper than any document of jsgx
     */
    public static Map<String, @Nullable Object> parse(String text) throws MalformedJson {
        return JsonParser.object(text);
    }
}
