package jsgx.host.fleet;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** Debian's redis-server in a folder of its own, on a port of loopback that was free. */
final class RedisServer implements AutoCloseable {

    static final Path PROGRAM = Path.of("/usr/bin/redis-server");

    private static final int LOWEST_PORT = 10_000;
    private static final int HIGHEST_PORT = 32_000;

    private final Path folder;
    private final int port;
    private final List<String> settings;
    private Process process;

    private RedisServer(Path folder, int port, List<String> settings, Process process) {
        this.folder = folder;
        this.port = port;
        this.settings = settings;
        this.process = process;
    }

    /** Whether there is one here; where CI runs there has to be. */
    static boolean isInstalled() {
        if (!Files.isExecutable(PROGRAM) && "true".equals(System.getenv("CI"))) {
            throw new AssertionError(PROGRAM + " is missing: CI installs it, with  apt-get install redis-server");
        }
        return Files.isExecutable(PROGRAM);
    }

    /** Starts one that keeps what it has through kill -9. */
    static RedisServer start(Path folder, String... settings) throws Exception {
        Files.createDirectories(folder);
        for (int tries = 0; ; tries++) {
            int port = freePort();
            RedisServer server = new RedisServer(folder, port, List.of(settings), run(folder, port, List.of(settings)));
            if (server.serves()) {
                return server;
            }
            server.close();
            if (tries == 5) {
                throw new IOException("redis-server does not start: " + Files.readString(folder.resolve("log")));
            }
        }
    }

    /** Below those that the kernel gives to whoever connects: while a server is away, no connection has its port. */
    private static int freePort() throws IOException {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(LOWEST_PORT, HIGHEST_PORT);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return free.getLocalPort();
            } catch (BindException e) {
                // Somebody has it.
            }
        }
    }

    private static Process run(Path folder, int port, List<String> settings) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                PROGRAM.toString(),
                "--port",
                Integer.toString(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder.toString(),
                "--appendonly",
                "yes",
                "--appendfsync",
                "no",
                "--save",
                "",
                "--logfile",
                "",
                "--daemonize",
                "no"));
        command.addAll(settings);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
    }

    /** Waits until it takes connections, or has ended. */
    private boolean serves() throws IOException, InterruptedException {
        while (process.isAlive()) {
            if (Files.readString(folder.resolve("log")).contains("Ready to accept connections")) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return false;
    }

    int port() {
        return port;
    }

    URI uri() {
        return URI.create("redis://127.0.0.1:" + port);
    }

    /** One that speaks TLS alone, with a certificate for localhost; its key and certificate are PEM files. */
    static RedisServer startTls(Path folder, Path key, Path certificate) throws Exception {
        Files.createDirectories(folder);
        for (int tries = 0; ; tries++) {
            int port = freePort();
            List<String> settings = List.of(
                    "--tls-port",
                    Integer.toString(port),
                    "--tls-key-file",
                    key.toString(),
                    "--tls-cert-file",
                    certificate.toString(),
                    "--tls-auth-clients",
                    "no");
            RedisServer server = new RedisServer(folder, port, settings, run(folder, 0, settings));
            if (server.serves()) {
                return server;
            }
            if (tries == 5) {
                throw new IOException("redis-server does not start: " + Files.readString(folder.resolve("log")));
            }
        }
    }

    /** Stops it in the middle of whatever it does: it has its connections and answers nothing. */
    void freeze() throws Exception {
        signal("STOP");
    }

    /** Has it go on. */
    void thaw() throws Exception {
        signal("CONT");
    }

    private void signal(String name) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .inheritIO()
                .start();
        if (kill.waitFor() != 0) {
            throw new IOException("redis-server cannot be sent " + name);
        }
    }

    /** Ends it at once, as kill -9 does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts it again, with what it kept. */
    void startAgain() throws Exception {
        process = run(folder, port, settings);
        if (!serves()) {
            throw new IOException("redis-server does not start again: " + Files.readString(folder.resolve("log")));
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
