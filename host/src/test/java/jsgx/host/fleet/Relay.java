package jsgx.host.fleet;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A way to a server that can be blocked, one direction or both, with the connections still there, or cut. */
final class Relay implements AutoCloseable {

    private final ServerSocket server;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** No byte goes to the server, or back. */
    volatile boolean blockedThere;

    volatile boolean blockedBack;

    /** How long each piece takes on its way back. */
    volatile long delayMillis;

    Relay(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 100, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().name("relay").start(this::accept);
    }

    URI uri() {
        return URI.create("redis://127.0.0.1:" + server.getLocalPort());
    }

    void partition(boolean on) {
        blockedThere = on;
        blockedBack = on;
    }

    /** Ends all connections. */
    void cut() {
        open.forEach(Relay::end);
        open.clear();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                open.add(client);
                Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(upstream);
                Thread.ofVirtual().start(() -> pump(client, upstream, true));
                Thread.ofVirtual().start(() -> pump(upstream, client, false));
            } catch (IOException e) {
                // The server is away, or the relay ends.
                cut();
            }
        }
    }

    private void pump(Socket from, Socket to, boolean there) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            byte[] buffer = new byte[1 << 16];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (!there && delayMillis > 0) {
                    TimeUnit.MILLISECONDS.sleep(delayMillis);
                }
                while (there ? blockedThere : blockedBack) {
                    TimeUnit.MILLISECONDS.sleep(1);
                    if (server.isClosed()) {
                        return;
                    }
                }
                out.write(buffer, 0, read);
            }
        } catch (IOException | InterruptedException e) {
            // One of them ended.
        } finally {
            end(from);
            end(to);
            open.remove(from);
            open.remove(to);
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // It is ended.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
