package jsgx.host.admin;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/** A connection as Helidon's HTTP/1.1 sees it, whatever carries its bytes and whoever accepted it. */
final class HttpConnection implements ConnectionContext, DataWriter {

    private static final int CHUNK = 8192;

    /** How long a connection may be idle between requests. */
    private static final Duration IDLE = Duration.ofSeconds(60);

    /** How long a request may take to come, headers and body. */
    private static final Duration REQUEST = Duration.ofSeconds(15);

    private final HttpEndpoint endpoint;
    private final Wire wire;
    private final PeerInfo remote;
    private final String id;
    private final DataReader reader;
    private final byte[] chunk = new byte[CHUNK];

    /** When the present request began to come, by the nanosecond clock; looked at where one has. */
    private long begun;

    private boolean coming;

    /** Whether there is no request, and none is being answered. */
    private volatile boolean idle;

    HttpConnection(HttpEndpoint endpoint, Wire wire, PeerInfo remote, String id) {
        this.endpoint = endpoint;
        this.wire = wire;
        this.remote = remote;
        this.id = id;
        this.reader = DataReader.create(this::next);
    }

    private byte @Nullable [] next() {
        try {
            Duration patience = coming ? REQUEST.minusNanos(System.nanoTime() - begun) : IDLE;
            if (patience.isNegative()) {
                throw new SocketTimeoutException("a request did not come in time");
            }
            idle = !coming;
            if (idle && endpoint.isClosed()) {
                throw new CloseConnectionException("the server ends");
            }
            int read = wire.read(chunk, patience);
            idle = false;
            if (!coming) {
                coming = true;
                begun = System.nanoTime();
            }
            return read < 0 ? null : Arrays.copyOf(chunk, read);
        } catch (IOException e) {
            throw new CloseConnectionException("the client went away", e);
        }
    }

    /** Closes it where the client asks for nothing now. */
    void closeIdle() {
        if (idle) {
            wire.close();
        }
    }

    @Override
    public ListenerContext listenerContext() {
        return endpoint;
    }

    @Override
    public ExecutorService executor() {
        return endpoint.executor();
    }

    @Override
    public DataWriter dataWriter() {
        return this;
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public Router router() {
        return endpoint.router();
    }

    @Override
    public PeerInfo remotePeer() {
        return remote;
    }

    @Override
    public PeerInfo localPeer() {
        return remote;
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public String socketId() {
        return endpoint.name();
    }

    @Override
    public String childSocketId() {
        return id;
    }

    @Override
    public void write(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void write(BufferData buffer) {
        writeNow(buffer);
    }

    @Override
    public void writeNow(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
        try {
            coming = false;
            wire.write(buffer.readBytes());
        } catch (IOException e) {
            throw new CloseConnectionException("the client went away", e);
        }
    }
}
