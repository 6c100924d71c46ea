package jsgx.host.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the admin API is served.
 *
 * @param socket the Unix socket
 * @param group whose members may use it besides its owner; empty for nobody
 * @param console where the console listens on TCP; null for nowhere
 * @param metrics where metrics are served on TCP besides the socket; null for nowhere
 * @param version of jsgx
 */
public record AdminOptions(
        Path socket,
        String group,
        @Nullable InetSocketAddress console,
        @Nullable InetSocketAddress metrics,
        String version) {

    /** Those of this build of jsgx. */
    public static AdminOptions of(
            Path socket, String group, @Nullable InetSocketAddress console, @Nullable InetSocketAddress metrics) {
        return new AdminOptions(socket, group, console, metrics, build());
    }

    private static String build() {
        try (InputStream resource = AdminOptions.class.getResourceAsStream("version.txt")) {
            return resource == null
                    ? "of unknown version"
                    : new String(resource.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
