package jsgx.cli;

import io.avaje.json.mapper.JsonMapper;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A user of {@code jsgx} in a folder of their own, with an environment of their own. */
final class Jsgx {

    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2017-12-19T23:59:59Z"));

    private final Path directory;
    private final Map<String, String> environment = new HashMap<>();

    /** A user who works in this folder and whose home it is. */
    Jsgx(Path directory) {
        this.directory = directory;
        environment.put("HOME", directory.resolve("home").toString());
        // No daemon that runs on this machine is meant.
        environment.put("JSGX_RUN", "none");
    }

    /** The same user with an environment variable. */
    Jsgx with(String variable, String value) {
        Jsgx other = new Jsgx(directory);
        other.environment.putAll(environment);
        other.environment.put(variable, value);
        return other;
    }

    /** The same user in another folder. */
    Jsgx in(String folder) {
        Jsgx other = new Jsgx(directory.resolve(folder));
        other.environment.putAll(environment);
        return other;
    }

    Map<String, String> environment() {
        return environment;
    }

    Path directory() {
        return directory;
    }

    /** Writes a file into the user's folder. */
    Path file(String name, byte[] content) {
        try {
            return Files.write(directory.resolve(name), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs a command line whose words are separated by blanks. */
    Run line(String line) {
        return run(line.isEmpty() ? new String[0] : line.split(" "));
    }

    Run run(String... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int status = Main.run(
                args,
                new Surroundings(
                        new PrintStream(out, false, StandardCharsets.UTF_8),
                        new PrintStream(err, true, StandardCharsets.UTF_8),
                        environment,
                        directory,
                        Path.of("/"),
                        false,
                        CLOCK));
        return new Run(
                List.of(args), status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Runs a command line in a process of its own, whose standard output a program of it shares. */
    Run process(String... args) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "jsgx.cli.Main"));
        command.addAll(List.of(args));
        Path out = Files.createTempFile("jsgx", ".out");
        Path err = Files.createTempFile("jsgx", ".err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        builder.environment().remove("JSGX_HOME");
        Process process = builder.start();
        try {
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no end of  jsgx " + String.join(" ", args));
            }
            return new Run(List.of(args), process.exitValue(), Files.readString(out), Files.readString(err));
        } finally {
            process.destroyForcibly().waitFor();
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** A field of a JSON object. */
    static @Nullable Object value(@Nullable Object object, String field) {
        return object instanceof Map<?, ?> map ? map.get(field) : null;
    }

    /** A field of each object of a JSON array. */
    static List<@Nullable Object> values(@Nullable Object array, String field) {
        List<@Nullable Object> values = new ArrayList<>();
        if (array instanceof List<?> objects) {
            objects.forEach(object -> values.add(value(object, field)));
        }
        return values;
    }

    /** What a run left: its exit status and what it printed. */
    record Run(List<String> args, int status, String out, String err) {

        /** The one JSON document that was printed. */
        Map<String, Object> json() {
            return JsonMapper.builder().build().fromJsonObject(out);
        }
    }
}
