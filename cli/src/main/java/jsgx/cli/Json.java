package jsgx.cli;

import io.avaje.json.JsonWriter;
import io.avaje.json.stream.JsonStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON object that a command prints, its fields in the order in which they were put. */
final class Json {

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /**
     * Adds a field.
     *
     * @param value a string, number, boolean, {@link Json}, a map or a collection of those, or null
     */
    Json put(String name, @Nullable Object value) {
        fields.put(name, value);
        return this;
    }

    /** Adds the fields of another object. */
    Json putAll(Json other) {
        fields.putAll(other.fields);
        return this;
    }

    /** Adds fields, as another JSON document has them. */
    Json putAll(Map<String, ?> other) {
        fields.putAll(other);
        return this;
    }

    /** Prints the document, as UTF-8 whatever the locale. */
    void print(PrintStream out) {
        out.println(this);
    }

    @Override
    public String toString() {
        return text(true);
    }

    /** The document in one line. */
    String line() {
        return text(false);
    }

    private String text(boolean pretty) {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = JsonStream.builder().build().writer(text)) {
            writer.pretty(pretty);
            writer.serializeNulls(true);
            writer.serializeEmpty(true);
            write(writer, this);
        }
        return text.toString();
    }

    private static void write(JsonWriter writer, @Nullable Object value) {
        switch (value) {
            case null -> writer.nullValue();
            case Json object -> {
                writer.beginObject();
                object.fields.forEach((name, field) -> {
                    writer.name(name);
                    write(writer, field);
                });
                writer.endObject();
            }
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
}
