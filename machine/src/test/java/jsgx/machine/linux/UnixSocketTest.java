package jsgx.machine.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class UnixSocketTest {

    private static final Deadline SOON = Deadline.NEVER;

    private Path folder = Path.of("/");

    @BeforeEach
    void makeFolder() throws IOException {
        // Paths of sockets are short: the build's temporary folder may not be.
        folder = Files.createTempDirectory(Path.of("/tmp"), "jsgx-sock");
    }

    @AfterEach
    void removeFolder() throws IOException {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private Path path() {
        return folder.resolve("s");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bytesGoBothWays(boolean virtual) throws Exception {
        try (Poller poller = new Poller("test");
                UnixListener listener = UnixListener.listen(path(), "rw-rw-rw-", 5, virtual ? poller : null)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path())))
                    .isEqualTo("rw-rw-rw-");
            byte[] sent = new byte[1_000_000];
            new Random(7).nextBytes(sent);
            CompletableFuture<Void> echo = run(virtual, () -> {
                try (UnixConnection served = listener.accept()) {
                    byte[] some = new byte[10_000];
                    for (int n; (n = served.read(some, 0, some.length, SOON)) > 0; ) {
                        served.write(some, 0, n, SOON);
                    }
                }
            });
            try (UnixConnection client = UnixConnection.connect(path())) {
                CompletableFuture<Void> writer = run(false, () -> client.write(sent, 0, sent.length, SOON));
                assertThat(client.input().readNBytes(sent.length)).isEqualTo(sent);
                writer.get();
            }
            echo.get();
        }
        assertThat(path()).doesNotExist();
    }

    private interface Body {
        void run() throws Exception;
    }

    private static CompletableFuture<Void> run(boolean virtual, Body body) {
        Executor executor =
                task -> (virtual ? Thread.ofVirtual() : Thread.ofPlatform().daemon()).start(task);
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        body.run();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                },
                executor);
    }

    @Test
    void theKernelSaysWhoConnected() throws Exception {
        try (UnixListener listener = UnixListener.listen(path(), "rw-------", 5, null);
                UnixConnection client = UnixConnection.connect(path());
                UnixConnection served = listener.accept()) {
            int uid = (int) Linux.call(SystemCall.GETEUID);
            assertThat(served.credentials().pid()).isEqualTo(Linux.pid());
            assertThat(served.credentials().uid()).isEqualTo(uid);
            assertThat(client.credentials()).isEqualTo(served.credentials());
            try (ProcessDescriptor process = served.peerProcess().orElseThrow()) {
                assertThat(process.pid()).isEqualTo(Linux.pid());
                assertThat(process.isAlive()).isTrue();
            }
        }
    }

    @Test
    void withoutAPidfdOfThePeerTheProcessIsFoundByItsNumber() throws Exception {
        int uid = (int) Linux.call(SystemCall.GETEUID);
        try (ProcessDescriptor process =
                PeerByNumber.find(new PeerCredentials(Linux.pid(), uid, 0)).orElseThrow()) {
            assertThat(process.pid()).isEqualTo(Linux.pid());
        }
        assertThat(PeerByNumber.find(new PeerCredentials(Linux.pid(), uid + 1, 0)))
                .as("of another user now")
                .isEmpty();
        assertThat(PeerByNumber.find(new PeerCredentials(0, uid, 0))).isEmpty();
    }

    @Test
    void aProcessThatEndedIsNotAlive() throws Exception {
        Process child = new ProcessBuilder("sleep", "1000").start();
        try (ProcessDescriptor process =
                ProcessDescriptor.open((int) child.pid()).orElseThrow()) {
            assertThat(process.isAlive()).isTrue();
            child.destroyForcibly();
            child.waitFor();
            assertThat(process.isAlive()).isFalse();
        }
        assertThat(ProcessDescriptor.open((int) child.pid())).isEmpty();
    }

    @Test
    void descriptorsArePassedAndClosedByExec() throws Exception {
        Linux.Pipe pipe = Linux.pipe();
        List<UnixConnection> ends = UnixConnection.pair(null);
        try (UnixConnection a = ends.get(0);
                UnixConnection b = ends.get(1)) {
            a.send(bytes("hello"), 0, 5, List.of(pipe.read(), pipe.write()), SOON);
            byte[] got = new byte[10];
            UnixConnection.Received received = b.receive(got, 0, 10, 2, SOON);
            assertThat(received.bytes()).isEqualTo(5);
            assertThat(received.descriptors()).hasSize(2);
            for (int descriptor : received.descriptors()) {
                assertThat(Files.readString(Path.of("/proc/self/fdinfo/" + descriptor)))
                        .containsPattern("flags:\\s+02");
                Linux.close(descriptor);
            }
            a.write(bytes("x"), 0, 1, SOON);
            assertThat(b.receive(got, 0, 10, 2, SOON).descriptors()).isEmpty();
        } finally {
            Linux.close(pipe.read());
            Linux.close(pipe.write());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 253})
    void surplusDescriptorsAreClosed(int count) throws Exception {
        Path target = Files.createFile(folder.resolve("passed"));
        int passed = (int) Linux.check("open", Linux.open(target.toString(), Linux.O_RDONLY));
        List<UnixConnection> ends = UnixConnection.pair(null);
        try (UnixConnection a = ends.get(0);
                UnixConnection b = ends.get(1)) {
            Integer[] all = new Integer[count];
            Arrays.fill(all, passed);
            a.send(bytes("hello"), 0, 5, List.of(all), SOON);
            assertThatThrownBy(() -> b.receive(new byte[10], 0, 10, count - 1, SOON))
                    .isInstanceOf(LinuxException.class)
                    .satisfies(e -> assertThat(((LinuxException) e).errno()).isEqualTo(Errors.EMFILE));
            a.send(bytes("hello"), 0, 5, List.of(all), SOON);
            assertThat(b.read(new byte[10], 0, 10, SOON)).isEqualTo(5);
            assertThat(openAs(target)).isEqualTo(1);
        } finally {
            Linux.close(passed);
        }
    }

    private static long openAs(Path target) throws IOException {
        try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors
                    .filter(link -> Linux.readLink(link.toString())
                            .filter(target.toString()::equals)
                            .isPresent())
                    .count();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDeadlineEndsAWait(boolean virtual) throws Exception {
        try (Poller poller = new Poller("test")) {
            List<UnixConnection> ends = UnixConnection.pair(virtual ? poller : null);
            try (UnixConnection a = ends.get(0);
                    UnixConnection b = ends.get(1)) {
                run(virtual, () -> {
                            assertThatThrownBy(() -> a.read(new byte[1], 0, 1, Deadline.in(Duration.ofMillis(20))))
                                    .isInstanceOf(SocketTimeoutException.class);
                            byte[] much = new byte[10_000_000];
                            assertThatThrownBy(() -> a.write(much, 0, much.length, Deadline.in(Duration.ofMillis(20))))
                                    .isInstanceOf(SocketTimeoutException.class);
                        })
                        .get();
                assertThat(b.isClosed()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void closingEndsWhoWaits(boolean virtual) throws Exception {
        try (Poller poller = new Poller("test")) {
            List<UnixConnection> ends = UnixConnection.pair(virtual ? poller : null);
            UnixListener listener = UnixListener.listen(path(), "rw-------", 5, virtual ? poller : null);
            List<CompletableFuture<Void>> waits = List.of(
                    ended(virtual, () -> ends.get(0).read(new byte[1], 0, 1, SOON)),
                    ended(virtual, () -> ends.get(0).write(new byte[10_000_000], 0, 10_000_000, SOON)),
                    ended(virtual, listener::accept));
            TimeUnit.MILLISECONDS.sleep(20);
            ends.get(0).close();
            listener.close();
            for (CompletableFuture<Void> wait : waits) {
                wait.get();
            }
            assertThat(ends.get(1).input().skip(20_000_000)).isLessThan(10_000_000);
            ends.get(1).close();
        }
    }

    private static CompletableFuture<Void> ended(boolean virtual, Body body) {
        return run(virtual, () -> assertThatThrownBy(body::run).isInstanceOf(AsynchronousCloseException.class));
    }

    @Test
    void aSocketThatSomebodyListensAtIsLeftAlone() throws Exception {
        try (UnixListener listener = UnixListener.listen(path(), "rw-------", 5, null)) {
            assertThatThrownBy(() -> UnixListener.listen(path(), "rw-------", 5, null))
                    .isInstanceOf(LinuxException.class)
                    .satisfies(e -> assertThat(((LinuxException) e).errno()).isEqualTo(Errors.EADDRINUSE));
            UnixConnection.connect(path()).close();
            listener.accept().close();
        }
    }

    @Test
    void aFileThatIsNoSocketIsLeftAlone() throws Exception {
        Files.writeString(path(), "mine");
        assertThatThrownBy(() -> UnixListener.listen(path(), "rw-------", 5, null))
                .isInstanceOf(LinuxException.class);
        assertThat(path()).hasContent("mine");
    }

    @Test
    void aSocketWhoseOwnerIsGoneMakesWay() throws Exception {
        int dead = SocketCalls.socket(true);
        Linux.check("bind", SocketCalls.bind(dead, path()));
        Linux.close(dead);
        try (UnixListener listener = UnixListener.listen(path(), "rw-------", 5, null)) {
            UnixConnection.connect(path()).close();
            listener.accept().close();
        }
    }

    @Test
    void aPathThatIsTooLongIsRefusedWithItsLength() {
        assertThatThrownBy(() -> UnixListener.listen(folder.resolve("x".repeat(120)), "rw-------", 5, null))
                .hasMessageContaining("at most 107 bytes");
    }

    @Test
    void manyVirtualThreadsWait() throws Exception {
        try (Poller poller = new Poller("test");
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<UnixConnection> all = new ArrayList<>();
            List<CompletableFuture<Void>> served = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                List<UnixConnection> ends = UnixConnection.pair(poller);
                all.addAll(ends);
                served.add(CompletableFuture.runAsync(() -> pingPong(ends.get(0), true), threads));
                served.add(CompletableFuture.runAsync(() -> pingPong(ends.get(1), false), threads));
            }
            for (CompletableFuture<Void> each : served) {
                each.get();
            }
            all.forEach(UnixConnection::close);
        }
    }

    private static void pingPong(UnixConnection connection, boolean first) {
        byte[] one = new byte[1];
        try {
            for (int i = 0; i < 100; i++) {
                if (first || i > 0) {
                    connection.write(one, 0, 1, SOON);
                }
                assertThat(connection.read(one, 0, 1, SOON)).isEqualTo(1);
            }
            if (!first) {
                connection.write(one, 0, 1, SOON);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anInterruptEndsAWait() throws Exception {
        try (Poller poller = new Poller("test")) {
            List<UnixConnection> ends = UnixConnection.pair(poller);
            CompletableFuture<@Nullable Throwable> outcome = new CompletableFuture<>();
            Thread waiting = Thread.ofVirtual().start(() -> {
                try {
                    ends.get(0).read(new byte[1], 0, 1, SOON);
                    outcome.complete(null);
                } catch (IOException e) {
                    outcome.complete(e);
                }
            });
            waiting.interrupt();
            assertThat(outcome.get()).isInstanceOf(java.io.InterruptedIOException.class);
            ends.forEach(UnixConnection::close);
        }
    }
}
