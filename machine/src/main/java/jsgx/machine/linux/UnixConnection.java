package jsgx.machine.linux;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connected Unix stream socket: bytes and descriptors go both ways, and the kernel says who is at the other end. One thread
 * may read while another writes; any may close it, which ends both with {@link AsynchronousCloseException}. With a
 * {@link Poller} virtual threads wait for it without holding a thread of the system; without one a thread that waits holds it.
 */
public final class UnixConnection implements AutoCloseable {

    private static final int CONNECT_SECONDS = 5;

    private final WaitingSocket socket;

    /**
     * What came.
     *
     * @param bytes how many bytes; -1 at the end of the stream
     * @param descriptors what came with them; they are the receiver's to close, and exec closes them
     */
    public record Received(int bytes, List<Integer> descriptors) {}

    /** Takes over a connected socket. */
    UnixConnection(int descriptor, @Nullable Poller poller) throws LinuxException {
        socket = new WaitingSocket(descriptor, poller);
    }

    /** A connection to who listens at a path; it waits a few seconds where very many want to. */
    public static UnixConnection connect(Path path) throws LinuxException {
        return connect(path, null);
    }

    /** A connection to who listens at a path, for virtual threads. */
    public static UnixConnection connect(Path path, @Nullable Poller poller) throws LinuxException {
        SocketCalls.checkLength(path);
        int descriptor = SocketCalls.socket(false);
        boolean connected = false;
        try {
            SocketCalls.connectTimeout(descriptor, CONNECT_SECONDS);
            Linux.check("connect to %s".formatted(path), SocketCalls.connect(descriptor, path));
            connected = true;
        } finally {
            if (!connected) {
                Linux.close(descriptor);
            }
        }
        return new UnixConnection(descriptor, poller);
    }

    /** Two ends that are connected to each other. */
    public static List<UnixConnection> pair(@Nullable Poller poller) throws LinuxException {
        int[] ends = SocketCalls.pair();
        UnixConnection first;
        try {
            first = new UnixConnection(ends[0], poller);
        } catch (LinuxException e) {
            Linux.close(ends[1]);
            throw e;
        }
        try {
            return List.of(first, new UnixConnection(ends[1], poller));
        } catch (LinuxException e) {
            first.close();
            throw e;
        }
    }

    /** Who connected, as the kernel noted it then. */
    public PeerCredentials credentials() throws IOException {
        int[] credentials = new int[3];
        Linux.check("SO_PEERCRED", socket.call(descriptor -> SocketCalls.credentials(descriptor, credentials)));
        return new PeerCredentials(credentials[0], credentials[1], credentials[2]);
    }

    /**
     * The process that connected; empty where it is gone. Where the kernel does not know SO_PEERPIDFD it is the process that
     * has the number now and is of the same user: a number that went to another user's process in between is not taken.
     */
    public Optional<ProcessDescriptor> peerProcess() throws IOException {
        long process = socket.call(SocketCalls::peerProcess);
        if (process == -Errors.ENOPROTOOPT) {
            return PeerByNumber.find(credentials());
        }
        // Kernels refuse a pidfd of a process that was reaped, each with an error of its own.
        if (process == -Errors.ESRCH || process == -Errors.EINVAL || process == -Errors.ENODATA) {
            return Optional.empty();
        }
        return Optional.of(new ProcessDescriptor((int) Linux.check("SO_PEERPIDFD", process)));
    }

    /**
     * Reads what has come, or waits until something does. Descriptors that come along are closed.
     *
     * @return how many bytes; -1 at the end of the stream
     * @throws java.net.SocketTimeoutException where nothing came by the deadline
     */
    public int read(byte[] to, int offset, int length, Deadline deadline) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        if (length == 0) {
            return 0;
        }
        return received(socket.read(deadline, descriptor -> SocketCalls.receive(descriptor, to, offset, length)));
    }

    /**
     * Reads what has come, bytes and descriptors, or waits until something does.
     *
     * @param limit how many descriptors may come
     * @throws LinuxException with EMFILE where more came, or more than this process may have open: all of them are closed, and
     *     the bytes that they came with are lost, so that the connection is of no further use
     */
    public Received receive(byte[] to, int offset, int length, int limit, Deadline deadline) throws IOException {
        Objects.checkFromIndexSize(offset, length, to.length);
        List<Integer> came = new ArrayList<>();
        int bytes = received(
                socket.read(deadline, descriptor -> SocketCalls.receive(descriptor, to, offset, length, limit, came)));
        return new Received(bytes, List.copyOf(came));
    }

    private int received(long result) throws IOException {
        // A peer that ends with bytes of ours unread ends the stream all the same.
        if (result != 0 && result != -Errors.ECONNRESET) {
            return (int) Linux.check("recv", result);
        }
        if (isClosed()) {
            throw new AsynchronousCloseException();
        }
        return -1;
    }

    /**
     * Writes all the bytes.
     *
     * @throws java.net.SocketTimeoutException where the peer had not taken them by the deadline; some may have gone
     */
    public void write(byte[] from, int offset, int length, Deadline deadline) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        int sent = 0;
        while (sent < length) {
            int at = sent;
            sent += sent(
                    socket.write(deadline, descriptor -> SocketCalls.send(descriptor, from, offset + at, length - at)));
        }
    }

    /**
     * Writes all the bytes, and passes descriptors along with the first of them, so that there must be one. They stay the sender's
     * to close.
     */
    public void send(byte[] from, int offset, int length, List<Integer> descriptors, Deadline deadline)
            throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        if (descriptors.isEmpty()) {
            write(from, offset, length, deadline);
            return;
        }
        if (length == 0) {
            throw new IllegalArgumentException("descriptors go with bytes only");
        }
        int[] passed = descriptors.stream().mapToInt(Integer::intValue).toArray();
        int first =
                sent(socket.write(deadline, descriptor -> SocketCalls.send(descriptor, from, offset, length, passed)));
        write(from, offset + first, length - first, deadline);
    }

    private int sent(long result) throws IOException {
        if (Linux.failed(result) && isClosed()) {
            throw new AsynchronousCloseException();
        }
        return (int) Linux.check("send", result);
    }

    /** The stream of bytes that come, with no limit in time; to close it closes the connection. */
    public InputStream input() {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] to, int offset, int length) throws IOException {
                return UnixConnection.this.read(to, offset, length, Deadline.NEVER);
            }

            @Override
            public void close() {
                UnixConnection.this.close();
            }
        };
    }

    /** The stream of bytes that go, with no limit in time; to close it closes the connection. */
    public OutputStream output() {
        return new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                write(new byte[] {(byte) value}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                UnixConnection.this.write(from, offset, length, Deadline.NEVER);
            }

            @Override
            public void close() {
                UnixConnection.this.close();
            }
        };
    }

    /**
     * Its descriptor, for calls and event loops of the caller's own; without meaning once it was closed, which the caller sees to.
     */
    public int descriptor() {
        return socket.descriptor();
    }

    /** Whether this end was closed. */
    public boolean isClosed() {
        return socket.isClosed();
    }

    /** Ends both directions; threads that wait end too. */
    @Override
    public void close() {
        socket.close();
    }
}
