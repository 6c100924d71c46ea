package jsgx.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import jsgx.cli.doctor.DaemonTrial;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever answers at a daemon's sockets is no fault of the command that asks it. */
@Timeout(60)
class RemoteTest {

    private static final String DEEP = "[".repeat(200_000);

    private Path folder;
    private Jsgx jsgx;

    @BeforeEach
    void folder() throws IOException {
        // A socket's name has at most 107 bytes.
        folder = Files.createTempDirectory("jr");
        jsgx = new Jsgx(folder).with("JSGX_RUN", folder.toString());
    }

    @AfterEach
    void remove() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** Listens at a socket, reads each request and gives always the same answer. */
    private final class Anybody implements AutoCloseable {

        private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

        Anybody(String socket, String type, String body) throws IOException {
            server.bind(UnixDomainSocketAddress.of(folder.resolve(socket)));
            byte[] answer = ("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length()
                            + "\r\n\r\n" + body)
                    .getBytes(StandardCharsets.US_ASCII);
            threads.execute(() -> serve(answer));
        }

        private void serve(byte[] answer) {
            while (server.isOpen()) {
                try (SocketChannel channel = server.accept()) {
                    channel.read(ByteBuffer.allocate(1 << 16));
                    ByteBuffer rest = ByteBuffer.wrap(answer);
                    while (rest.hasRemaining()) {
                        channel.write(rest);
                    }
                } catch (ClosedChannelException e) {
                    return;
                } catch (IOException e) {
                    // The client has seen enough.
                }
            }
        }

        @Override
        public void close() throws IOException {
            server.close();
            threads.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":1,\"a\":2}", "[]", "hello", "{\"version\":12345678901234567890}", "deep"})
    void anAnswerThatIsNoDocumentIsTold(String body) throws Exception {
        try (Anybody _ = new Anybody("admin.socket", "application/json", body.equals("deep") ? DEEP : body)) {
            told(jsgx.line("host status"));
        }
    }

    @Test
    void anEventThatIsNoDocumentIsTold() throws Exception {
        try (Anybody _ = new Anybody("admin.socket", "text/event-stream", "event: launch\ndata: " + DEEP + "\n\n")) {
            told(jsgx.line("host launches -n 0 --follow"));
        }
    }

    @Test
    void aDoctorHasNoVersionFromSuchAnAnswer() throws Exception {
        try (Anybody _ = new Anybody("driver.socket", "text/plain", "");
                Anybody _ = new Anybody("admin.socket", "application/json", DEEP)) {
            assertThat(DaemonTrial.of(Map.of("JSGX_RUN", folder.toString())))
                    .containsEntry("jsgx.daemon.version", "")
                    .doesNotContainKey("jsgx.daemon.failure");
        }
    }

    private static void told(Jsgx.Run run) {
        assertThat(run.status())
                .as(run.err())
                .isNotEqualTo(ExitStatus.INTERNAL_FAULT)
                .isNotZero();
        assertThat(run.err()).contains("answers with something that is no document of its");
    }
}
