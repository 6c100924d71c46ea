package jsgx.host.aesm;

import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Arrays;

/** A client that sends bytes and reads frames. */
final class AesmClient implements AutoCloseable {

    private final SocketChannel channel;

    AesmClient(Path socket) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
    }

    void send(byte[] bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** The next answer, a whole frame. */
    byte[] answer() throws IOException {
        byte[] head = read(4);
        byte[] body = read(ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt());
        return Frames.join(head, body);
    }

    byte[] ask(byte[] frame) throws IOException {
        send(frame);
        return answer();
    }

    /** The token in an answer. */
    static byte[] token(byte[] answer) {
        if (answer.length != 316) {
            throw new AssertionError("no token: " + java.util.HexFormat.of().formatHex(answer));
        }
        return Arrays.copyOfRange(answer, 12, answer.length);
    }

    /** Whether the server closed the connection; waits until it says something. */
    boolean isClosed() throws IOException {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    private byte[] read(int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("%d of %d bytes came".formatted(buffer.position(), length));
            }
        }
        return buffer.array();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
