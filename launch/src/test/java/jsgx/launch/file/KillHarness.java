package jsgx.launch.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Processes that are killed (SIGKILL) while they write. Such a process is a class with {@code main} on the class path of the tests; it
 * calls {@link #acknowledge} for what it may rely on, and does not end by itself.
 */
public final class KillHarness {

    private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(60);

    private KillHarness() {}

    /** In the process that will be killed: tells what is acknowledged, in one write. */
    public static void acknowledge(String what) {
        byte[] line = (what + "\n").getBytes(StandardCharsets.US_ASCII);
        System.out.write(line, 0, line.length);
        System.out.flush();
    }

    /**
     * Starts processes at once, and kills each some time after its first acknowledgement.
     *
     * @param random tells when
     * @param arguments for each process its arguments
     * @return what each acknowledged
     */
    public static List<List<String>> kill(Random random, Class<?> main, List<List<String>> arguments)
            throws IOException, InterruptedException {
        List<Process> processes = new ArrayList<>();
        try {
            for (List<String> each : arguments) {
                processes.add(start(main, each));
            }
            List<List<String>> acknowledged = new ArrayList<>();
            for (Process process : processes) {
                acknowledged.add(killed(process, random));
            }
            return acknowledged;
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
    }

    private static Process start(Class<?> main, List<String> arguments) throws IOException {
        List<String> command = Stream.concat(
                        Stream.of(
                                ProcessHandle.current().info().command().orElseThrow(),
                                "-Xshare:auto",
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-cp",
                                System.getProperty("java.class.path"),
                                main.getName()),
                        arguments.stream())
                .toList();
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static List<String> killed(Process process, Random random) throws IOException, InterruptedException {
        StringBuilder told = new StringBuilder();
        int first = process.getInputStream().read();
        if (first < 0) {
            throw new IOException("the process ended by itself, with status " + process.waitFor());
        }
        told.append((char) first);
        TimeUnit.NANOSECONDS.sleep(random.nextLong(LONGEST_NANOS));
        // SIGKILL, by its handle: the process's own method also closes the pipe, in which acknowledgements may lie.
        process.toHandle().destroyForcibly();
        told.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII));
        if (process.waitFor() != 128 + 9) {
            throw new IOException("expected a process that was killed, found status " + process.exitValue());
        }
        // The last line may be half told.
        return told.substring(0, told.lastIndexOf("\n") + 1).lines().toList();
    }
}
