package jsgx.study.calibration;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * A request for a token and its answer over a Unix socket, with a thread of its own at the other end that does nothing but answer. Both are as long as those
 * of AESM: the request has the signer's modulus.
 */
final class SocketProbe implements Probe {

    private static final int REQUEST = 480;
    private static final int ANSWER = 320;

    private final SocketChannel channel;
    private final Thread peer;
    private final ByteBuffer request = ByteBuffer.allocateDirect(REQUEST);
    private final ByteBuffer answer = ByteBuffer.allocateDirect(ANSWER);

    SocketProbe(Path folder) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            channel = SocketChannel.open(address);
            SocketChannel other = server.accept();
            peer = Thread.ofPlatform().daemon().name("calibration-peer").start(() -> answer(other));
        }
    }

    @Override
    public long sample() throws IOException {
        long start = System.nanoTime();
        send(channel, request);
        receive(channel, answer);
        return System.nanoTime() - start;
    }

    @Override
    public void close() throws IOException {
        channel.close();
        try {
            peer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(SocketChannel channel) {
        ByteBuffer in = ByteBuffer.allocateDirect(REQUEST);
        ByteBuffer out = ByteBuffer.allocateDirect(ANSWER);
        try (channel) {
            while (!Thread.currentThread().isInterrupted()) {
                receive(channel, in);
                send(channel, out);
            }
        } catch (IOException e) {
            // The other end was closed: that ends the measurement.
        }
    }

    private static void send(SocketChannel channel, ByteBuffer bytes) throws IOException {
        bytes.clear();
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void receive(SocketChannel channel, ByteBuffer bytes) throws IOException {
        bytes.clear();
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the other end of a calibration's socket was closed");
            }
        }
    }
}
