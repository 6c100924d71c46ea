package jsgx.launch;

import java.nio.file.Path;
import java.util.Map;

/**
 * The folder that holds what outlives a process: {@code $JSGX_HOME}, else {@code $XDG_STATE_HOME/jsgx}, else
 * {@code $HOME/.local/state/jsgx}. HOME is the environment's, not {@code user.home}.
 */
public final class StateFolder {

    private StateFolder() {}

    /** Where it lies by this environment; it need not exist. */
    public static Path path(Map<String, String> environment) throws LaunchException {
        String own = environment.getOrDefault("JSGX_HOME", "");
        if (!own.isEmpty()) {
            return Path.of(own).toAbsolutePath();
        }
        String state = environment.getOrDefault("XDG_STATE_HOME", "");
        // The XDG base directory specification: a relative path is to be ignored.
        if (!state.isEmpty() && Path.of(state).isAbsolute()) {
            return Path.of(state).resolve("jsgx");
        }
        String home = environment.getOrDefault("HOME", "");
        if (home.isEmpty()) {
            throw new LaunchException(
                    "no state folder: none of JSGX_HOME, XDG_STATE_HOME and HOME is set; set JSGX_HOME to a folder of your own");
        }
        return Path.of(home).toAbsolutePath().resolve(".local").resolve("state").resolve("jsgx");
    }
}
