package jsgx.host.session;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import jsgx.host.client.Greeting;
import jsgx.host.config.HostOptions;
import jsgx.host.peer.Grants;
import jsgx.host.peer.Identification;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.host.service.SocketFile;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.Poller;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.linux.UnixListener;
import org.jspecify.annotations.Nullable;

/**
 * The driver's socket: any local user may connect, and gets the one processor for enclaves of its own. Who it is the kernel says; whom its enclaves are charged to
 * follows from that.
 */
public final class DriverSocket implements Service {

    private static final System.Logger LOG = System.getLogger("jsgx.host.session");

    private static final int BACKLOG = 1024;

    /** How many that get no place are told so at once; more are just closed. */
    private static final int REFUSALS = 64;

    private static final Duration FIRST_WORDS = Duration.ofSeconds(5);
    private static final Duration RELEASED = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration KEPT = Duration.ofSeconds(5);

    private final HostContext context;
    private final Path path;
    private final Identification peers;
    private final Places places;
    private final Claims claims;
    private final Launches launches;
    private final Admission admission = new Admission();
    private final Set<FrontEnd> frontEnds = ConcurrentHashMap.newKeySet();
    private final Semaphore refusals = new Semaphore(REFUSALS);

    /** They are kept for the next one: all who connect wait in one line, and the start of a thread for each would be what they wait for. */
    private final ExecutorService threads = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            KEPT.toNanos(),
            TimeUnit.NANOSECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("jsgx-front-end").factory());

    private volatile String trouble = "not started";
    private volatile boolean stopping;
    private @Nullable Listening listening;

    /** What is there while it listens. */
    private record Listening(SocketFile file, Poller poller, UnixListener listener, Thread acceptor) {}

    /**
     * A socket that nobody listens at yet.
     *
     * @param options its run folder and limits count
     * @param peers who tells who is at the other end of a connection
     */
    public DriverSocket(HostContext context, HostOptions options, Identification peers) {
        this.context = context;
        this.path = options.runFolder().resolve("driver.socket");
        this.peers = peers;
        this.places = new Places(options.sessions());
        this.claims = new Claims(context, new Grants(options.grants()));
        this.launches = new Launches(context, claims);
    }

    @Override
    public String name() {
        return "driver";
    }

    /** How many front ends there are. */
    public int sessions() {
        return places.all();
    }

    @Override
    public synchronized void start() throws HostException {
        SocketFile file = SocketFile.claim(path);
        @Nullable Poller poller = null;
        @Nullable UnixListener listener = null;
        boolean done = false;
        try {
            poller = new Poller("jsgx-driver-poller");
            listener = UnixListener.listen(file.bindAt(), "rw-------", BACKLOG, poller);
            file.publish("rw-rw-rw-", "");
            UnixListener accepting = listener;
            Thread acceptor = Thread.ofPlatform().daemon().name("jsgx-driver").start(() -> accept(accepting));
            listening = new Listening(file, poller, listener, acceptor);
            trouble = "";
            done = true;
        } catch (IOException e) {
            throw new HostException("the driver's socket %s cannot be made: %s".formatted(path, e.getMessage()), e);
        } finally {
            if (!done) {
                close(file, poller, listener);
            }
        }
    }

    private static void close(SocketFile file, @Nullable Poller poller, @Nullable UnixListener listener) {
        file.close();
        if (listener != null) {
            listener.close();
        }
        if (poller != null) {
            poller.close();
        }
    }

    /** Until the listener is closed. Nobody else begins anything in the threads, so that nothing is begun that they refuse. */
    private void accept(UnixListener listener) {
        try {
            while (!stopping) {
                accepted(listener);
            }
        } catch (AsynchronousCloseException e) {
            // The end.
        } finally {
            threads.shutdown();
        }
    }

    private void accepted(UnixListener listener) throws AsynchronousCloseException {
        try {
            begin(listener.accept());
            trouble = "";
        } catch (AsynchronousCloseException e) {
            throw e;
        } catch (IOException e) {
            // No descriptor is left, for one: who waits is served once there is.
            if (trouble.isEmpty()) {
                LOG.log(System.Logger.Level.ERROR, "no connection can be accepted: " + e.getMessage());
            }
            trouble = String.valueOf(e.getMessage());
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }

    /**
     * Serves a connection in a thread of the system. To let go of a descriptor that a client passed, or to close a connection with such a one unread, holds the
     * thread for as long as the client likes (SO_LINGER of a TCP socket, a file system of its own), and a virtual thread would hold one of the few carriers of
     * all of them.
     */
    private void begin(UnixConnection connection) throws IOException {
        try {
            threads.execute(() -> serve(connection));
        } catch (OutOfMemoryError e) {
            connection.close();
            throw new IOException("no thread is left for a front end: " + e.getMessage(), e);
        }
    }

    private void serve(UnixConnection connection) {
        try (connection) {
            try {
                identified(peers.identify(connection), connection);
            } catch (HostException e) {
                refuse(connection, String.valueOf(e.getMessage()));
            }
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a front end is gone: {0}", e.getMessage());
        }
    }

    private void identified(Peer peer, UnixConnection connection) throws HostException, IOException {
        if (stopping) {
            throw new HostException("this host is being stopped");
        }
        Places.Share share = places.take(peer.uid());
        FrontEnd frontEnd = new FrontEnd(context, claims, launches, admission, peer, share, connection, () -> stopping);
        frontEnds.add(frontEnd);
        try {
            frontEnd.serve(FIRST_WORDS);
        } finally {
            frontEnds.remove(frontEnd);
            places.give(share);
        }
    }

    /** Says why, to a client that may not have said yet what it wants. */
    private void refuse(UnixConnection connection, String why) {
        if (!refusals.tryAcquire()) {
            return;
        }
        try {
            Deadline deadline = Deadline.in(Duration.ofSeconds(1));
            if (!connection.isClosed()) {
                Greeting.refuse(connection, why, deadline);
                // Whoever is still writing would not read the answer on a connection that is closed.
                byte[] rest = new byte[256];
                while (connection.read(rest, 0, rest.length, deadline) > 0) {
                    // What it wants does not matter any more.
                }
            }
        } catch (IOException e) {
            // It did not want to know.
        } finally {
            refusals.release();
        }
    }

    @Override
    public String trouble() {
        return trouble;
    }

    @Override
    public synchronized void stop(Duration grace) {
        Listening now = listening;
        if (now == null) {
            return;
        }
        stopping = true;
        trouble = "stopped";
        now.file().close();
        now.listener().close();
        Deadline deadline = Deadline.in(grace);
        while ((admission.inFlight() > 0 || frontEnds.stream().anyMatch(FrontEnd::isAnswering))
                && deadline.nanosLeft() > 0) {
            LockSupport.parkNanos(1_000_000);
        }
        // A launch does not hear of its client's end, and who closes what a client passed may wait for it: the end of
        // the host waits for neither.
        Deadline released = Deadline.in(RELEASED);
        while (places.all() > 0 && released.nanosLeft() > 0) {
            // One that was just let in may not have been among them before.
            frontEnds.forEach(FrontEnd::close);
            LockSupport.parkNanos(1_000_000);
        }
        if (places.all() > 0) {
            LOG.log(System.Logger.Level.WARNING, "{0} front ends did not end in time", places.all());
        }
        now.poller().close();
        listening = null;
    }
}
