package jsgx.bench;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Clients of the AESM socket that ask for tokens, and how long each answer takes. */
final class AesmLoad {

    /** Bytes of a request with its length, and of the answer with a token. */
    static final int REQUEST = 450;

    static final int ANSWER = 316;

    /** How many enclaves they ask for, in turns. */
    private static final int ENCLAVES = 100;

    private static final int ERROR_CODE = 8;

    private AesmLoad() {}

    /**
     * What came.
     *
     * @param nanos how long each answer took, in order of length
     * @param errors how many answers were no token
     */
    record Result(long[] nanos, long errors) {

        double micros(double percentile) {
            if (nanos.length == 0) {
                return Double.NaN;
            }
            int at = (int) Math.ceil(percentile / 100 * nanos.length) - 1;
            return nanos[Math.clamp(at, 0, nanos.length - 1)] / 1e3;
        }

        Result with(Result other) {
            long[] both = Arrays.copyOf(nanos, nanos.length + other.nanos.length);
            System.arraycopy(other.nanos, 0, both, nanos.length, other.nanos.length);
            Arrays.sort(both);
            return new Result(both, errors + other.errors);
        }
    }

    /** The frame that asks for the token of an enclave. */
    static ByteBuffer request(int enclave) {
        byte[] mrEnclave = new byte[32];
        new Random(enclave).nextBytes(mrEnclave);
        byte[] modulus = new byte[384];
        new Random(7).nextBytes(modulus);
        return ByteBuffer.allocateDirect(REQUEST)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(REQUEST - 4)
                .put(new byte[] {0x1a, (byte) 0xbb, 3, 0x0a, 0x20})
                .put(mrEnclave)
                .put(new byte[] {0x12, (byte) 0x80, 3})
                .put(modulus)
                .put(new byte[] {0x1a, 0x10})
                .putLong(4)
                .putLong(3)
                .put(new byte[] {0x48, (byte) 0xc0, (byte) 0x84, 0x3d})
                .flip();
    }

    /** One client, one request after the other. */
    static Result alone(Path socket, int rounds) throws IOException {
        long[] nanos = new long[rounds];
        long errors = 0;
        ByteBuffer request = request(1);
        ByteBuffer answer = ByteBuffer.allocateDirect(ANSWER);
        try (SocketChannel channel = connect(socket)) {
            for (int i = 0; i < rounds; i++) {
                long start = System.nanoTime();
                channel.write(request.duplicate());
                answer.clear();
                while (answer.hasRemaining() && channel.read(answer) >= 0) {}
                nanos[i] = System.nanoTime() - start;
                errors += answer.hasRemaining() || answer.get(ERROR_CODE) != 0 ? 1 : 0;
            }
        }
        Arrays.sort(nanos);
        return new Result(nanos, errors);
    }

    static SocketChannel connect(Path socket) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        return channel;
    }

    /** One connection of a thread with many. */
    private static final class Client {
        private final SocketChannel channel;
        private final ByteBuffer answer = ByteBuffer.allocateDirect(ANSWER);

        /** When its request went. */
        private long since;

        private boolean waits;

        Client(SocketChannel channel) {
            this.channel = channel;
        }
    }

    /**
     * Many connections, served by one thread.
     *
     * @param pauseNanos from one request of a connection to the next, at least; 0 for as soon as the answer is there
     */
    static Result many(Path socket, int connections, long pauseNanos, long nanos) throws IOException {
        long[] times = new long[1 << 16];
        int count = 0;
        long errors = 0;
        ByteBuffer[] requests = new ByteBuffer[ENCLAVES];
        Arrays.setAll(requests, AesmLoad::request);
        int turn = 0;
        List<Client> clients = new ArrayList<>();
        try (Selector selector = Selector.open()) {
            long begin = System.nanoTime();
            long end = begin + nanos;
            for (int i = 0; i < connections; i++) {
                Client client = new Client(connect(socket));
                client.channel.configureBlocking(false);
                client.channel.register(selector, SelectionKey.OP_READ, client);
                // Spread over the pause, so that they do not all come at once.
                client.since = begin + pauseNanos * i / connections - pauseNanos;
                clients.add(client);
            }
            for (long now = begin; now < end; now = System.nanoTime()) {
                long next = end;
                for (Client client : clients) {
                    if (!client.waits && client.since + pauseNanos <= now) {
                        client.since = System.nanoTime();
                        client.waits = true;
                        client.channel.write(requests[turn++ % ENCLAVES].duplicate());
                    }
                    next = client.waits ? next : Math.min(next, client.since + pauseNanos);
                }
                // Rounded up: a client that spins takes a processor from the server.
                selector.select(1 + TimeUnit.NANOSECONDS.toMillis(Math.max(0, next - System.nanoTime())));
                for (SelectionKey key : selector.selectedKeys()) {
                    Client client = (Client) key.attachment();
                    if (client.channel.read(client.answer) < 0) {
                        throw new IOException("the server closed a connection");
                    }
                    if (client.answer.position() >= 8
                            && client.answer.position()
                                    == 4
                                            + client.answer
                                                    .order(ByteOrder.LITTLE_ENDIAN)
                                                    .getInt(0)) {
                        errors += client.answer.get(ERROR_CODE) == 0 ? 0 : 1;
                        times = count == times.length ? Arrays.copyOf(times, 2 * count) : times;
                        times[count++] = System.nanoTime() - client.since;
                        client.waits = false;
                        client.answer.clear();
                    }
                }
                selector.selectedKeys().clear();
            }
        } finally {
            for (Client client : clients) {
                client.channel.close();
            }
        }
        long[] all = Arrays.copyOf(times, count);
        Arrays.sort(all);
        return new Result(all, errors);
    }

    /** Asks until it is ended: a storm from a process of its own. The arguments are the socket and how many connections. */
    public static void main(String[] args) throws IOException {
        while (true) {
            many(Path.of(args[0]), Integer.parseInt(args[1]), 0, TimeUnit.SECONDS.toNanos(600));
        }
    }
}
