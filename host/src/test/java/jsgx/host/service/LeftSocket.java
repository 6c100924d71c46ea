package jsgx.host.service;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/** A socket's name that a killed process left: nobody listens there. */
public final class LeftSocket {

    private LeftSocket() {}

    /** Makes one. */
    public static void at(Path path) throws IOException, InterruptedException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        try (ServerSocketChannel killed = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            killed.bind(address);
        }
        // A process that another test forks listens too, until it executes its program.
        while (isListenedAt(address)) {
            Thread.sleep(1);
        }
    }

    private static boolean isListenedAt(UnixDomainSocketAddress address) throws IOException {
        try (SocketChannel channel = SocketChannel.open(address)) {
            return channel.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }
}
