package jsgx.host.client;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The run folder of a daemon that a client uses: one that the user names, else one whose driver's socket is in {@code $XDG_RUNTIME_DIR/jsgx} or
 * {@code /run/jsgx}.
 *
 * @param path the folder
 * @param named whether the user named it: then there is no other way, if nobody answers there
 */
public record HostFolder(Path path, boolean named) {

    private static final String VARIABLE = "JSGX_RUN";

    /** What {@code JSGX_RUN} says where no daemon is to be used. */
    private static final String NONE = "none";

    /** The daemon that this environment leads to; empty where there is none, or the user wants none. */
    public static Optional<HostFolder> find(Map<String, String> environment) {
        return find(environment, "");
    }

    /**
     * The same.
     *
     * @param option what {@code --run-folder} says; empty where it is not given
     */
    public static Optional<HostFolder> find(Map<String, String> environment, String option) {
        String name = option.isEmpty() ? environment.getOrDefault(VARIABLE, "") : option;
        if (name.equals(NONE)) {
            return Optional.empty();
        }
        if (!name.isEmpty()) {
            return Optional.of(new HostFolder(Path.of(name).toAbsolutePath(), true));
        }
        List<Path> usual = new ArrayList<>();
        Path runtime = Path.of(environment.getOrDefault("XDG_RUNTIME_DIR", ""));
        if (runtime.isAbsolute()) {
            usual.add(runtime.resolve("jsgx"));
        }
        usual.add(Path.of("/run/jsgx"));
        return usual.stream()
                .map(folder -> new HostFolder(folder, false))
                .filter(folder -> Files.exists(folder.driverSocket()))
                .findFirst();
    }

    /** Where programs find the processor. */
    public Path driverSocket() {
        return path.resolve("driver.socket");
    }

    /** Where administrators find the host. */
    public Path adminSocket() {
        return path.resolve("admin.socket");
    }
}
