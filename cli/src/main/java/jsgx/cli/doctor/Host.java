package jsgx.cli.doctor;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * The machine that is examined.
 *
 * @param root its root folder; /proc, /sys and /dev lie in it
 * @param environment its environment variables
 * @param properties the JVM's system properties
 */
public record Host(Path root, Map<String, String> environment, Map<String, String> properties) {

    private static final int MOST = 1 << 24;

    /** The file at an absolute path of the machine. */
    Path path(String absolute) {
        return root.resolve(absolute.substring(1));
    }

    boolean exists(String absolute) {
        return Files.exists(path(absolute));
    }

    /** The text of a small file without the white space at its ends; empty where it cannot be read. */
    String text(String absolute) {
        // A number of /proc/sys is given out to the first read only, and the first of readString is of one byte.
        try (InputStream file = Files.newInputStream(path(absolute))) {
            return new String(file.readNBytes(MOST), StandardCharsets.ISO_8859_1).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** The value after the colon of the first line of a file that begins with this name; empty where there is none. */
    String field(String absolute, String name) {
        for (String line : text(absolute).split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
                return line.substring(colon + 1).strip();
            }
        }
        return "";
    }

    String property(String name) {
        return properties.getOrDefault(name, "");
    }
}
