package jsgx.host.admin;

import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.common.context.Context;
import io.helidon.http.DirectHandler;
import io.helidon.http.DirectHandler.EventType;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.RequestException;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.http.media.MediaContext;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.Http1ConnectionSelectorConfig;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.linux.UnixListener;

/**
 * HTTP/1.1 of Helidon over connections that are accepted here: Helidon's own listener keeps the descriptor of a connection to itself, and
 * only the descriptor says who is at the other end of a Unix socket. Each connection has a virtual thread, limits in time and space, and there
 * are so many at once.
 */
final class HttpEndpoint implements ListenerContext, AutoCloseable {

    private static final System.Logger LOG = System.getLogger("jsgx.host.admin");

    private static final int MOST_CONNECTIONS = 64;
    private static final int LONGEST_PATH = 4096;
    private static final int LARGEST_HEADERS = 16 << 10;
    private static final long AGAIN_MILLIS = 100;

    private final String name;
    private final Router router;
    private final Http1ConnectionSelector selector;
    private final ListenerConfig config = ListenerConfig.create();
    private final Context context = Context.create();
    private final MediaContext media = MediaContext.create();
    private final ContentEncodingContext encodings = ContentEncodingContext.create();
    private final DirectHandlers directHandlers = problems();
    private final ExecutorService executor;
    private final Semaphore room = new Semaphore(MOST_CONNECTIONS);
    private final AtomicLong connections = new AtomicLong();
    private final Set<Wire> open = ConcurrentHashMap.newKeySet();
    private final Set<HttpConnection> served = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** An endpoint that serves nobody yet. */
    HttpEndpoint(String name, HttpRouting.Builder routing) {
        this.name = name;
        this.router = Router.builder()
                .addRouting(routing.addFilter(HttpEndpoint::closing))
                .build();
        this.selector = Http1ConnectionSelectorConfig.builder()
                .config(Http1Config.builder()
                        .maxPrologueLength(LONGEST_PATH)
                        .maxHeadersSize(LARGEST_HEADERS)
                        .buildPrototype())
                .build();
        this.executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("jsgx-" + name + "-", 1).factory());
    }

    /** Helidon says that it closes a connection where the client asked for that, and waits for the client to do it. */
    private static void closing(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        chain.proceed();
        if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("the client asked for it");
        }
    }

    /** What accepts one connection after the other. */
    private interface Acceptor {
        Accepted accept() throws IOException;
    }

    private record Accepted(Wire wire, Remote remote) {}

    /** Serves who connects to a Unix socket, until the listener is closed. */
    void serve(UnixListener listener) {
        executor.execute(() -> accept(() -> {
            UnixConnection connection = listener.accept();
            boolean known = false;
            try {
                Remote remote = new Remote("uid:"
                        + Integer.toUnsignedString(connection.credentials().uid()));
                known = true;
                return new Accepted(Wire.of(connection), remote);
            } finally {
                if (!known) {
                    connection.close();
                }
            }
        }));
    }

    /** Serves who connects to a TCP socket, until the listener is closed. */
    void serve(ServerSocket listener) {
        executor.execute(() -> accept(() -> {
            try {
                return new Accepted(Wire.of(listener.accept()), new Remote(""));
            } catch (SocketException e) {
                if (listener.isClosed()) {
                    throw new AsynchronousCloseException();
                }
                throw e;
            }
        }));
    }

    private void accept(Acceptor acceptor) {
        while (!closed) {
            try {
                Accepted accepted = acceptor.accept();
                if (room.tryAcquire()) {
                    open.add(accepted.wire());
                    executor.execute(() -> handle(accepted));
                } else {
                    accepted.wire().close();
                }
            } catch (AsynchronousCloseException e) {
                // The listener is closed before this is: nobody can connect any more.
                return;
            } catch (IOException e) {
                if (closed) {
                    return;
                }
                LOG.log(
                        System.Logger.Level.WARNING,
                        "{0}: a connection could not be accepted: {1}",
                        name,
                        e.getMessage());
                pause();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void handle(Accepted accepted) {
        try (Wire wire = accepted.wire()) {
            HttpConnection connection =
                    new HttpConnection(this, wire, accepted.remote(), Long.toString(connections.incrementAndGet()));
            served.add(connection);
            try {
                selector.connection(connection).handle(FixedLimit.create());
            } finally {
                served.remove(connection);
            }
        } catch (CloseConnectionException | RequestException e) {
            // The client went away, or was told why its request makes no sense.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "a connection to the admin API ended", e);
        } finally {
            open.remove(accepted.wire());
            room.release();
        }
    }

    /** Whether it ends: a stream is to end too. */
    boolean isClosed() {
        return closed;
    }

    String name() {
        return name;
    }

    Router router() {
        return router;
    }

    @Override
    public Context context() {
        return context;
    }

    @Override
    public MediaContext mediaContext() {
        return media;
    }

    @Override
    public ContentEncodingContext contentEncodingContext() {
        return encodings;
    }

    @Override
    public DirectHandlers directHandlers() {
        return directHandlers;
    }

    @Override
    public ListenerConfig config() {
        return config;
    }

    @Override
    public ExecutorService executor() {
        return executor;
    }

    /** Requests under way get this long; then all connections are closed, those without one at once. The listeners are closed before. */
    void stop(Duration grace) {
        closed = true;
        executor.shutdown();
        served.forEach(HttpConnection::closeIdle);
        try {
            if (!grace.isZero() && room.tryAcquire(MOST_CONNECTIONS, grace.toMillis(), TimeUnit.MILLISECONDS)) {
                room.release(MOST_CONNECTIONS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    @Override
    public void close() {
        closed = true;
        open.forEach(Wire::close);
        executor.shutdownNow();
    }

    /** What Helidon itself has to say of a request is a problem like any other. */
    private static DirectHandlers problems() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (EventType type : EventType.values()) {
            handlers.addHandler(type, new DirectHandler() {
                @Override
                public TransportResponse handle(
                        TransportRequest request,
                        EventType event,
                        Status status,
                        ServerResponseHeaders headers,
                        String message) {
                    return problem(status, event);
                }
            });
        }
        return handlers.build();
    }

    private static DirectHandler.TransportResponse problem(Status status, EventType event) {
        String detail = event == EventType.INTERNAL_ERROR
                ? "a fault of jsgx: the log says more"
                : "the request is no HTTP/1.1 request that this server takes";
        Problem problem = new Problem(status.code(), status.reasonPhrase(), detail);
        return DirectHandler.TransportResponse.builder()
                .status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/problem+json")
                .keepAlive(false)
                .entity(problem.json().toString().getBytes(StandardCharsets.UTF_8))
                .build();
    }
}
