package jsgx.host.admin;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.UnixConnection;

/** What carries the bytes of a connection. */
interface Wire extends AutoCloseable {

    /** How long a peer may take to make room for what it asked for. */
    Duration WRITE = Duration.ofSeconds(10);

    /**
     * Waits for bytes.
     *
     * @return how many came, -1 at the end
     * @throws java.net.SocketTimeoutException where none came in time
     */
    int read(byte[] to, Duration patience) throws IOException;

    /** Writes all of these. */
    void write(byte[] bytes) throws IOException;

    @Override
    void close();

    /** A Unix socket. */
    static Wire of(UnixConnection connection) {
        return new Wire() {
            @Override
            public int read(byte[] to, Duration patience) throws IOException {
                return connection.read(to, 0, to.length, Deadline.in(patience));
            }

            @Override
            public void write(byte[] bytes) throws IOException {
                connection.write(bytes, 0, bytes.length, Deadline.in(WRITE));
            }

            @Override
            public void close() {
                connection.close();
            }
        };
    }

    /** A TCP socket. */
    static Wire of(Socket socket) throws IOException {
        InputStream in = socket.getInputStream();
        OutputStream out = socket.getOutputStream();
        return new Wire() {
            @Override
            public int read(byte[] to, Duration patience) throws IOException {
                socket.setSoTimeout(Math.toIntExact(Math.max(1, patience.toMillis())));
                return in.read(to);
            }

            @Override
            public void write(byte[] bytes) throws IOException {
                // A socket's stream knows no deadline for writing: the close ends a write that waits.
                CompletableFuture<Void> late = CompletableFuture.runAsync(
                        this::close, CompletableFuture.delayedExecutor(WRITE.toMillis(), TimeUnit.MILLISECONDS));
                try {
                    out.write(bytes);
                } finally {
                    late.cancel(false);
                }
            }

            @Override
            public void close() {
                try {
                    socket.close();
                } catch (IOException e) {
                    // It is of no more use either way.
                }
            }
        };
    }
}
