package jsgx.host.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A file of the page.
 *
 * @param path where it is served, as {@code /console.css}
 * @param contentType its media type
 * @param entityTag an HTTP entity tag, quotes included: another one for other bytes
 */
record ConsoleFile(String path, String contentType, String entityTag, byte[] bytes) {

    /** All there are: nothing else is served, whatever a path says. */
    private static final List<String> NAMES = List.of(
            "index.html",
            "console.css",
            "icon.svg",
            "api.js",
            "audit.js",
            "cache.js",
            "command.js",
            "dom.js",
            "enclaves.js",
            "events.js",
            "format.js",
            "gauges.js",
            "launches.js",
            "main.js",
            "palette.js",
            "policy.js",
            "revocation.js",
            "slider.js",
            "squarify.js",
            "whatif.js");

    /** The files, from this package. */
    static List<ConsoleFile> all() {
        return NAMES.stream().map(ConsoleFile::read).toList();
    }

    private static ConsoleFile read(String name) {
        try (InputStream resource = ConsoleFile.class.getResourceAsStream(name)) {
            if (resource == null) {
                throw new IllegalStateException("the console's file " + name + " is missing from this build");
            }
            byte[] bytes = resource.readAllBytes();
            String hash = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes), 0, 16);
            return new ConsoleFile(path(name), contentType(name), '"' + hash + '"', bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String path(String name) {
        return name.equals("index.html") ? "/" : "/" + name;
    }

    private static String contentType(String name) {
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js" -> "text/javascript; charset=utf-8";
            case "svg" -> "image/svg+xml";
            default -> throw new IllegalStateException("no media type is known for " + name);
        };
    }
}
