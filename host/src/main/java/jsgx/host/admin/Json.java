package jsgx.host.admin;

import io.avaje.json.JsonWriter;
import io.avaje.json.stream.JsonStream;
import java.io.StringWriter;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON object that the API answers, its fields in the order in which they were put. */
final class Json {

    private static final JsonStream STREAM =
            JsonStream.builder().serializeNulls(true).serializeEmpty(true).build();

    private final Map<String, @Nullable Object> fields = new LinkedHashMap<>();

    /**
     * Adds a field.
     *
     * @param value a string, number, boolean, {@link Json}, a collection of those, or null; a double that is no number becomes null
     */
    Json put(String name, @Nullable Object value) {
        fields.put(name, value);
        return this;
    }

    /** Adds a limit: null where there is none, which the code says with the greatest long. */
    Json putLimit(String name, long limit) {
        return put(name, limit == Long.MAX_VALUE ? null : (Object) limit);
    }

    /** The document in one line. */
    @Override
    public String toString() {
        StringWriter text = new StringWriter();
        try (JsonWriter writer = STREAM.writer(text)) {
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
}
