package jsgx.host.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import jsgx.host.service.HostException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AdminClientTest {

    private Path folder;

    /** What answers the next question; nobody looks at what it was asked. */
    private CompletableFuture<String> answering = CompletableFuture.completedFuture("");

    @BeforeEach
    void shortFolder() throws IOException {
        folder = Files.createTempDirectory("ja");
    }

    @AfterEach
    void leaveNothing() throws IOException {
        assertThat(answering).isNotNull();
        Files.deleteIfExists(socket());
        Files.delete(folder);
    }

    @Test
    void asksWithABodyAndReadsOneOfKnownLength() throws Exception {
        CompletableFuture<String> asked =
                answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nX-Y: z\r\n\r\n{\"a\":\"µ\"}");

        try (AdminClient.Answer answer = new AdminClient(socket()).ask("POST", "/v1/x?y=1", "{\"b\":1}")) {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.headers()).containsEntry("x-y", "z");
            assertThat(answer.text()).isEqualTo("{\"a\":\"µ\"}");
        }

        assertThat(asked.get())
                .startsWith("POST /v1/x?y=1 HTTP/1.1\r\n")
                .contains("\r\nHost: localhost\r\n", "\r\nContent-Length: 7\r\n")
                .endsWith("\r\n\r\n{\"b\":1}");
    }

    @Test
    void aDaemonMayAnswerBeforeItHasAllOfARequest() throws Exception {
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket()));
            CompletableFuture<Void> refusing = CompletableFuture.runAsync(() -> {
                try (SocketChannel channel = server.accept()) {
                    channel.write(ByteBuffer.wrap("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\n{}"
                            .getBytes(StandardCharsets.US_ASCII)));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            // More than a socket holds.
            try (AdminClient.Answer answer = new AdminClient(socket()).ask("POST", "/", "x".repeat(8 << 20))) {
                assertThat(answer.status()).isEqualTo(413);
                assertThat(answer.text()).isEqualTo("{}");
            }
            refusing.get();
        }
    }

    @Test
    void aLengthThatIsNoneIsTold() throws Exception {
        for (String length : new String[] {"-1", "ten", "9999999999999999999"}) {
            answering = answer("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n{}");
            assertThatThrownBy(() -> new AdminClient(socket()).ask("GET", "/", ""))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("length of the answer is \"" + length);
            Files.delete(socket());
        }
    }

    @Test
    void readsChunksAndWhatGoesOnToTheEnd() throws Exception {
        answering = answer(
                "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\nb;x=y\r\n:\"bcdefghi\"\r\n1\r\n}\r\n0\r\n\r\n");
        try (AdminClient.Answer answer = new AdminClient(socket()).ask("GET", "/", "")) {
            assertThat(answer.status()).isEqualTo(404);
            assertThat(answer.text()).isEqualTo("{\"a\":\"bcdefghi\"}");
        }
        Files.delete(socket());

        answering = answer("HTTP/1.1 200\r\n\r\nall of it");
        try (AdminClient.Answer answer = new AdminClient(socket()).ask("GET", "/", "")) {
            assertThat(answer.text()).isEqualTo("all of it");
        }
    }

    @Test
    void aBodyThatEndsBeforeItsEndIsNoBody() throws Exception {
        answering = answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}");
        try (AdminClient.Answer answer = new AdminClient(socket()).ask("GET", "/", "")) {
            assertThatThrownBy(answer::text).isInstanceOf(EOFException.class);
        }
        Files.delete(socket());

        answering = answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}");
        try (AdminClient.Answer answer = new AdminClient(socket()).ask("GET", "/", "")) {
            assertThatThrownBy(answer::text).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void whatSpeaksNoHttpIsTold() throws Exception {
        answering = answer("220 mail.example ESMTP\r\n");

        assertThatThrownBy(() -> new AdminClient(socket()).ask("GET", "/", ""))
                .hasMessageContaining("220 mail.example ESMTP");
    }

    @Test
    void nobodyThereIsToldWithWhatToDo() {
        assertThatThrownBy(() -> new AdminClient(socket()).ask("GET", "/", ""))
                .isInstanceOf(HostException.class)
                .hasMessageContaining(socket().toString())
                .hasMessageContaining("jsgx serve");
    }

    private Path socket() {
        return folder.resolve("s");
    }

    /** Answers one request in these words, and tells what was asked. */
    private CompletableFuture<String> answer(String words) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listener.bind(UnixDomainSocketAddress.of(socket()));
        CompletableFuture<String> asked = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try (listener;
                    SocketChannel channel = listener.accept()) {
                asked.complete(request(Channels.newInputStream(channel)));
                ByteBuffer bytes = ByteBuffer.wrap(words.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException e) {
                asked.completeExceptionally(e);
            }
        });
        return asked;
    }

    private static String request(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        int end = Integer.MAX_VALUE;
        while (text.length() < end) {
            text.append((char) in.read());
            if (end == Integer.MAX_VALUE && text.toString().endsWith("\r\n\r\n")) {
                int length = text.indexOf("Content-Length: ");
                end = text.length()
                        + (length < 0
                                ? 0
                                : Integer.parseInt(text.substring(length + 16, text.indexOf("\r\n", length))));
            }
        }
        return text.toString();
    }
}
