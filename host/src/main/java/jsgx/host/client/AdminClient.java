package jsgx.host.client;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import jsgx.host.service.HostException;

/**
 * A host's admin API over its socket, each request on a connection of its own. HTTP clients of Java that know Unix sockets take longer to
 * load than the API takes to answer, and one that only speaks to one server needs little of HTTP/1.1.
 *
 * @param socket the admin socket
 */
public record AdminClient(Path socket) {

    private static final int LONGEST_LINE = 64 << 10;

    /**
     * An answer whose body is read as it comes.
     *
     * @param headers by their names in lower case
     */
    public record Answer(int status, Map<String, String> headers, InputStream body, Closeable connection)
            implements Closeable {

        /** The whole body. */
        public String text() throws IOException {
            return new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }

        @Override
        public void close() throws IOException {
            connection.close();
        }
    }

    /**
     * Asks.
     *
     * @param path with its query, encoded
     * @param body JSON; empty for none
     * @throws HostException where no daemon answers there, or the user may not ask it
     */
    public Answer ask(String method, String path, String body) throws HostException, IOException {
        return ask(method, path, body, Map.of());
    }

    /**
     * The same.
     *
     * @param more headers besides those that each request has
     */
    public Answer ask(String method, String path, String body, Map<String, String> more)
            throws HostException, IOException {
        SocketChannel channel = connect();
        boolean done = false;
        try {
            byte[] content = body.getBytes(StandardCharsets.UTF_8);
            StringBuilder others = new StringBuilder();
            more.forEach((name, value) ->
                    others.append(name).append(": ").append(value).append("\r\n"));
            String head = "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s%s\r\n"
                    .formatted(
                            method,
                            path,
                            others,
                            content.length == 0
                                    ? ""
                                    : "Content-Type: application/json\r\nContent-Length: %d\r\n"
                                            .formatted(content.length));
            String unsent = write(channel, head.getBytes(StandardCharsets.US_ASCII), content);
            InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
            int status = status(firstLine(in, unsent));
            Map<String, String> headers = headers(in);
            Answer answer = new Answer(status, headers, body(in, headers), channel);
            done = true;
            return answer;
        } finally {
            if (!done) {
                channel.close();
            }
        }
    }

    private SocketChannel connect() throws HostException, IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
            return channel;
        } catch (IOException e) {
            channel.close();
            throw new HostException(
                    "no daemon answers at %s (%s): start one with  jsgx serve , name its run folder with JSGX_RUN, or ask its administrator for access to that socket"
                            .formatted(socket, e.getMessage()),
                    e);
        }
    }

    /** Sends a request, and says why not all of it could be sent: a daemon that refuses it may answer before it has all. */
    private static String write(SocketChannel channel, byte[] head, byte[] content) {
        ByteBuffer request = ByteBuffer.allocate(head.length + content.length);
        request.put(head).put(content).flip();
        try {
            while (request.hasRemaining()) {
                channel.write(request);
            }
            return "";
        } catch (IOException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private static String firstLine(InputStream in, String unsent) throws IOException {
        try {
            return line(in);
        } catch (IOException e) {
            throw unsent.isEmpty() ? e : new IOException("the daemon does not take the request: " + unsent, e);
        }
    }

    private static int status(String line) throws IOException {
        if (!line.matches("HTTP/1\\.1 [0-9]{3}( .*)?")) {
            throw new IOException("no HTTP/1.1 server listens there: it answers \"%s\"".formatted(line));
        }
        return Integer.parseInt(line.substring(9, 12));
    }

    private static Map<String, String> headers(InputStream in) throws IOException {
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.put(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
        return headers;
    }

    private static InputStream body(InputStream in, Map<String, String> headers) throws IOException {
        if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
            return new Chunks(in);
        }
        String length = headers.get("content-length");
        if (length == null) {
            return in;
        }
        if (!length.matches("[0-9]{1,18}")) {
            throw new IOException("the length of the answer is \"%s\"".formatted(length));
        }
        return new Bounded(in, Long.parseLong(length));
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the daemon ended the connection before it answered");
            }
            if (line.length() == LONGEST_LINE) {
                throw new IOException("a line of the answer has more than %d bytes".formatted(LONGEST_LINE));
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    /** A body of so many bytes; one that ends before is no body. */
    private static class Bounded extends InputStream {

        final InputStream in;
        long left;

        Bounded(InputStream in, long left) {
            this.in = in;
            this.left = left;
        }

        /** Goes on to what follows, where nothing is left; false at the end. */
        boolean more() throws IOException {
            return left > 0;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!more()) {
                return -1;
            }
            int got = in.read(to, offset, (int) Math.min(length, left));
            if (got < 0) {
                throw new EOFException("the daemon ended the connection in the middle of its answer");
            }
            left -= got;
            return got;
        }
    }

    /** A body in chunks (RFC 9112, 7.1). */
    private static final class Chunks extends Bounded {

        private boolean first = true;
        private boolean ended;

        Chunks(InputStream in) {
            super(in, 0);
        }

        @Override
        boolean more() throws IOException {
            if (left > 0) {
                return true;
            }
            if (ended) {
                return false;
            }
            if (!first) {
                line(in);
            }
            first = false;
            String size = line(in);
            try {
                left = Long.parseLong(size.split(";", 2)[0].strip(), 16);
            } catch (NumberFormatException e) {
                throw new IOException("\"%s\" is no length of a chunk".formatted(size), e);
            }
            ended = left == 0;
            return !ended;
        }
    }
}
