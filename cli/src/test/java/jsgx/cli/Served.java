package jsgx.cli;

import io.avaje.json.mapper.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A {@code jsgx serve} in a process of its own, in the short folder of a test; it ends with the test. */
final class Served implements AutoCloseable {

    private final Process process;
    private final Path log;
    private final String summary;

    private Served(Process process, Path log, String summary) {
        this.process = process;
        this.log = log;
        this.summary = summary;
    }

    /** Starts one on {@code state} and {@code run} in a folder; returns when it serves, or has ended. */
    static Served in(Path folder, String... more) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                "jsgx.cli.Main",
                "serve",
                "--json",
                "--state",
                folder.resolve("state").toString(),
                "--run-folder",
                folder.resolve("run").toString(),
                "--aesm-socket",
                folder.resolve("run/aesm.socket").toString(),
                "--console-listen",
                "none",
                "--epc",
                "8MiB"));
        command.addAll(List.of(more));
        Path log = Files.createTempFile(folder, "log", "");
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("JSGX_") || name.startsWith("XDG_"));
        builder.environment().put("HOME", folder.toString());
        Process process = builder.start();
        // Only the first line is of interest, and nothing follows it.
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        return new Served(process, log, line == null ? "" : line);
    }

    boolean serves() {
        return !summary.isEmpty() && process.isAlive();
    }

    /** What it said at the start. */
    Map<String, Object> summary() {
        return JsonMapper.builder().build().fromJsonObject(summary);
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    long pid() {
        return process.pid();
    }

    void signal(String name) throws IOException, InterruptedException {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .redirectErrorStream(true)
                .start();
        kill.getInputStream().transferTo(OutputStream.nullOutputStream());
        kill.waitFor();
    }

    /** Waits until its log is as it should be. */
    void awaitLog(Predicate<String> wanted) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!wanted.test(log())) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the log is not as it should be: " + log());
            }
            Thread.sleep(20);
        }
    }

    /** Its exit status, when it has ended. */
    int status() throws IOException, InterruptedException {
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("it does not end: " + log());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
