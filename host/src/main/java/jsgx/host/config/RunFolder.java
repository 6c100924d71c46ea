package jsgx.host.config;

import java.nio.file.Path;
import java.util.Map;

/**
 * The folder in which a host's sockets lie: {@code $JSGX_RUN}, else {@code /run/jsgx} for root, else {@code $XDG_RUNTIME_DIR/jsgx}, else
 * {@code run} in the state folder.
 */
public final class RunFolder {

    private RunFolder() {}

    /** Where it lies by this environment; it need not exist. */
    public static Path path(Map<String, String> environment, Path state, boolean root) {
        String own = environment.getOrDefault("JSGX_RUN", "");
        // "none" tells clients to do without a daemon.
        if (!own.isEmpty() && !own.equals("none")) {
            return Path.of(own).toAbsolutePath();
        }
        if (root) {
            return Path.of("/run/jsgx");
        }
        String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
        // The XDG base directory specification: a relative path is to be ignored.
        return !runtime.isEmpty() && Path.of(runtime).isAbsolute()
                ? Path.of(runtime).resolve("jsgx")
                : state.resolve("run");
    }
}
