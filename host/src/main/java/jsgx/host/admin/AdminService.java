package jsgx.host.admin;

import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.console.ConsolePages;
import jsgx.host.feed.History;
import jsgx.host.feed.LaunchFeed;
import jsgx.host.metrics.HostMetrics;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.host.service.SocketFile;
import jsgx.launch.RunningPlatform;
import jsgx.machine.linux.Poller;
import jsgx.machine.linux.UnixListener;

/**
 * The admin API of a host on its Unix socket, the console on TCP, and metrics there too where somebody wants them. Who may write to the
 * socket's file may do all of it; who that is, the kernel says, and the audit trail keeps.
 */
public final class AdminService implements Service {

    private static final int BACKLOG = 64;

    private final AdminOptions options;
    private final LaunchFeed feed;
    private final History history;
    private final HostMetrics metrics;
    private final Streams streams = new Streams();
    private final ConsoleDoor door;
    private final List<Operation> operations;

    /** What ends, in the reverse order; guarded by this. */
    private final List<AutoCloseable> open = new ArrayList<>();

    private final List<HttpEndpoint> endpoints = new ArrayList<>();
    private int consolePort;
    private int metricsPort;
    private volatile boolean serves;

    /**
     * A service that has not begun; the platform tells it of launches from now on.
     *
     * @param services whose health it tells, itself among them
     */
    public AdminService(HostContext context, AdminOptions options, Supplier<List<Service>> services) {
        this.options = options;
        RunningPlatform running = context.running();
        this.feed = new LaunchFeed(running::report, context.clock());
        this.history = new History(running.driver(), running.governor().cache());
        this.metrics = new HostMetrics(running, context.governance().options().audit());
        running.listen(feed);
        running.listen(history);
        running.listen(metrics);
        this.door = new ConsoleDoor(new ConsoleSessions(context.clock()));
        List<Operation> all = new ArrayList<>();
        all.add(new Operation("GET", "/v1/openapi.yaml", call -> new Answer.Bytes("application/yaml", document())));
        all.addAll(new HostResource(context, options.version(), services, feed, history).operations());
        all.addAll(new CacheResource(running.governor()).operations());
        all.addAll(new PolicyResource(context).operations());
        all.addAll(new RevocationResource(context, feed).operations());
        all.addAll(new LaunchResource(feed, streams).operations());
        all.addAll(new AuditResource(context.state(), streams).operations());
        all.addAll(new TokenResource(context).operations());
        all.addAll(new FleetResource(context).operations());
        all.add(scrape());
        this.operations = List.copyOf(all);
    }

    private Operation scrape() {
        return new Operation("GET", "/metrics", call -> new Answer.Bytes(HostMetrics.CONTENT_TYPE, metrics.text()));
    }

    private static byte[] document() {
        try (InputStream resource = AdminService.class.getResourceAsStream("openapi.yaml")) {
            if (resource == null) {
                throw new IllegalStateException("openapi.yaml is missing from this build");
            }
            return resource.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return "admin";
    }

    /** The metrics, for other services to add theirs. */
    public HostMetrics metrics() {
        return metrics;
    }

    /** The launches as they end. */
    public LaunchFeed feed() {
        return feed;
    }

    /** The console's TCP port; 0 where it is off. */
    public synchronized int consolePort() {
        return consolePort;
    }

    /** The TCP port of metrics; 0 where there is none. */
    public synchronized int metricsPort() {
        return metricsPort;
    }

    /** All operations on the admin socket. */
    List<Operation> operations() {
        List<Operation> all = new ArrayList<>(operations);
        all.add(door.login());
        return all;
    }

    @Override
    public synchronized void start() throws HostException {
        boolean done = false;
        try {
            unix();
            InetSocketAddress console = options.console();
            if (console != null) {
                consolePort = console(console);
            }
            InetSocketAddress scraped = options.metrics();
            if (scraped != null) {
                HttpRouting.Builder routing =
                        HttpRouting.builder().any("/*", new Dispatcher(List.of(scrape()), request -> "nobody"));
                metricsPort = tcp("metrics", scraped, routing);
            }
            Thread sampler = Thread.ofPlatform().daemon().name("jsgx-history").start(this::sample);
            open.add(sampler::interrupt);
            serves = true;
            done = true;
        } finally {
            if (!done) {
                stop(Duration.ZERO);
            }
        }
    }

    private void unix() throws HostException {
        SocketFile file = SocketFile.claim(options.socket());
        open.add(file);
        try {
            Poller poller = new Poller("jsgx-admin");
            open.add(poller);
            HttpEndpoint endpoint = endpoint(
                    "admin", HttpRouting.builder().any("/*", new Dispatcher(operations(), AdminService::peer)));
            UnixListener listener = UnixListener.listen(file.bindAt(), "rw-------", BACKLOG, poller);
            open.add(listener);
            endpoint.serve(listener);
            file.publish(options.group().isEmpty() ? "rw-------" : "rw-rw----", options.group());
        } catch (IOException e) {
            throw new HostException(
                    "the admin socket %s cannot be made: %s".formatted(options.socket(), e.getMessage()), e);
        }
    }

    private int console(InetSocketAddress address) throws HostException {
        Dispatcher api = new Dispatcher(operations, door);
        HttpRouting.Builder routing = HttpRouting.builder()
                .get("/login", door::follow)
                .post("/logout", door::leave)
                .any("/v1/*", (request, response) -> {
                    ConsolePages.protect(response.headers());
                    api.handle(request, response);
                })
                .any((request, response) -> {
                    if (door.admits(request, response)) {
                        response.next();
                    }
                })
                .register(new ConsolePages());
        int port = tcp("console", address, routing);
        door.listensAt(address.getAddress(), port);
        return port;
    }

    private int tcp(String name, InetSocketAddress address, HttpRouting.Builder routing) throws HostException {
        if (address.isUnresolved() || !address.getAddress().isLoopbackAddress()) {
            throw new HostException(
                    "%s.listen is %s: expected a loopback address such as 127.0.0.1, as nothing that is sent there is encrypted"
                            .formatted(name, address));
        }
        try {
            ServerSocket listener = new ServerSocket();
            open.add(listener);
            listener.setReuseAddress(true);
            listener.bind(address, BACKLOG);
            endpoint(name, routing).serve(listener);
            return listener.getLocalPort();
        } catch (IOException e) {
            throw new HostException(
                    "%s.listen: cannot listen at %s: %s; choose another port, or none"
                            .formatted(name, address, e.getMessage()),
                    e);
        }
    }

    private HttpEndpoint endpoint(String name, HttpRouting.Builder routing) {
        HttpEndpoint endpoint = new HttpEndpoint(name, routing);
        endpoints.add(endpoint);
        return endpoint;
    }

    /** Who is at the other end of the Unix socket. */
    private static String peer(ServerRequest request) {
        if (request.remotePeer() instanceof Remote remote && !remote.who().isEmpty()) {
            return remote.who();
        }
        throw new Problem(403, "Forbidden", "the kernel does not say who asks");
    }

    private void sample() {
        try {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(History.INTERVAL.toNanos());
                history.sample(java.time.Instant.now().getEpochSecond());
            }
        } catch (InterruptedException e) {
            // The service ends.
        }
    }

    @Override
    public String trouble() {
        return serves ? "" : "it has not begun, or has ended";
    }

    @Override
    public synchronized void stop(Duration grace) {
        serves = false;
        streams.end();
        for (AutoCloseable each : open.reversed()) {
            if (!(each instanceof Poller) && !(each instanceof SocketFile)) {
                close(each);
            }
        }
        // Launches in flight, which end after this, have the other half.
        long end = System.nanoTime() + grace.toNanos() / 2;
        endpoints.forEach(endpoint -> endpoint.stop(Duration.ofNanos(Math.max(0, end - System.nanoTime()))));
        open.reversed().forEach(AdminService::close);
        open.clear();
        endpoints.clear();
        consolePort = 0;
        metricsPort = 0;
    }

    private static void close(AutoCloseable each) {
        try {
            each.close();
        } catch (Exception e) {
            System.getLogger("jsgx.host.admin").log(System.Logger.Level.WARNING, "the admin service ends", e);
        }
    }
}
