package jsgx.host.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** The JSON Schema of the configuration file, for editors and other tools. */
public final class ConfigurationSchema {

    private ConfigurationSchema() {}

    /** Its text. */
    public static String text() {
        try (InputStream schema =
                Objects.requireNonNull(ConfigurationSchema.class.getResourceAsStream("configuration.schema.json"))) {
            return new String(schema.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
