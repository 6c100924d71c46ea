package jsgx.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import jsgx.host.Daemon;
import jsgx.host.config.Configuration;
import jsgx.host.config.Setting;

/** A daemon in this process with sockets in a short folder, and a user of it who has the sample files there; all of it ends with the test. */
final class Hosted implements AutoCloseable {

    private final Path folder;
    private final Daemon daemon;
    private final Jsgx user;

    private Hosted(Path folder, Daemon daemon, Jsgx user) {
        this.folder = folder;
        this.daemon = daemon;
        this.user = user;
    }

    /** Starts one with these lines of configuration. */
    static Hosted with(String configuration) throws Exception {
        // A socket's name has at most 107 bytes.
        Path folder = Files.createTempDirectory(Path.of("/tmp"), "jh");
        Jsgx user = Samples.withProgramsIn(folder)
                .with("JSGX_RUN", folder.resolve("run").toString());
        Path file = Files.writeString(folder.resolve("jsgx.yaml"), configuration);
        Map<Setting, String> options = new EnumMap<>(Setting.class);
        options.put(Setting.STATE, folder.resolve("state").toString());
        options.put(Setting.RUN_FOLDER, folder.resolve("run").toString());
        options.put(Setting.AESM_SOCKET, folder.resolve("run/aesm.socket").toString());
        options.put(Setting.CONSOLE_LISTEN, "none");
        return new Hosted(
                folder,
                Daemon.start(new Configuration(file, Map.of(), options, false).load(), InstantSource.system()),
                user);
    }

    /** The effective user of this process, as the kernel tells it. */
    static int uid() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    Path folder() {
        return folder;
    }

    Daemon daemon() {
        return daemon;
    }

    Jsgx user() {
        return user;
    }

    /** Puts a policy in force. */
    void policy(String text) {
        user.file("host.yaml", text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
        Jsgx.Run reload = user.line("policy reload host.yaml");
        if (reload.status() != 0) {
            throw new IllegalStateException(reload.err());
        }
    }

    @Override
    public void close() throws IOException {
        daemon.stop(Duration.ofSeconds(2));
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
