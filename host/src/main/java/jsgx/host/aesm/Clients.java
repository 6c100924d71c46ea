package jsgx.host.aesm;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import jsgx.host.peer.Peer;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.UnixConnection;
import org.jspecify.annotations.Nullable;

/**
 * The clients of the socket: their connections, and the threads that read, answer and watch them. A thread that reads a request also answers
 * it, if it is its workload's turn, so that an answer waits for no other thread; a connection that says nothing has no thread.
 */
final class Clients implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Clients.class.getName());

    /** How many lanes a thread is told of at once. */
    private static final int LANES = 16;

    /** How many connections of a lane are read in its turn. */
    private static final int READS = 4;

    /** How many requests of a connection that nobody read any more are answered at the end. */
    private static final int MOST_UNREAD = 64;

    /** How often it is looked for requests and frames whose time is over. */
    private static final Duration TICK = Duration.ofMillis(50);

    private final AesmOptions options;
    private final Answers answers;
    private final Counters counters;
    private final Lanes lanes;
    private final ConcurrentHashMap<Long, Connection> connections = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Thread clock =
            Thread.ofPlatform().daemon().name("jsgx-aesm-clock").unstarted(this::watchTime);

    // These are guarded by admission.

    private final Object admission = new Object();
    private final Map<Integer, Integer> byUser = new HashMap<>();
    private int admitted;
    private long lastId;

    /** No request is read any more. */
    private volatile boolean draining;

    private volatile boolean ended;

    Clients(AesmOptions options, Answers answers, Counters counters) throws LinuxException {
        this.options = options;
        this.answers = answers;
        this.counters = counters;
        this.lanes = new Lanes(options.waiting(), options.threads());
        for (int i = 0; i < options.threads(); i++) {
            threads.add(Thread.ofPlatform().daemon().name("jsgx-aesm-" + i).unstarted(this::work));
        }
    }

    void start() {
        threads.forEach(Thread::start);
        clock.start();
    }

    Lanes lanes() {
        return lanes;
    }

    /** Takes a connection over; it is closed where there are too many. */
    void admit(UnixConnection socket, Peer peer) {
        long id;
        synchronized (admission) {
            int users = byUser.getOrDefault(peer.uid(), 0);
            if (draining || users >= options.connectionsPerUser() || admitted >= options.connections()) {
                counters.refused.increment();
                socket.close();
                return;
            }
            byUser.put(peer.uid(), users + 1);
            admitted++;
            id = ++lastId;
        }
        @Nullable Connection connection = null;
        try {
            connection = new Connection(id, socket, peer, lanes.enter(peer.workload()));
            connections.put(id, connection);
            connection.begin();
        } catch (LinuxException e) {
            LOG.log(System.Logger.Level.WARNING, "a connection to the AESM socket is refused: " + e.getMessage());
            if (connection == null) {
                socket.close();
                leave(peer);
            } else {
                close(connection);
            }
        }
    }

    private void leave(Peer peer) {
        synchronized (admission) {
            admitted--;
            byUser.computeIfPresent(peer.uid(), (uid, count) -> count == 1 ? null : count - 1);
        }
    }

    private void close(Connection connection) {
        if (connection.close()) {
            closed(connection);
        }
    }

    private void closed(Connection connection) {
        connections.remove(connection.id());
        leave(connection.peer());
    }

    /** One thread's work, until the end. */
    private void work() {
        try (Arena arena = Arena.ofConfined()) {
            ReadySet.Batch some = new ReadySet.Batch(arena, LANES);
            ReadySet.Batch few = new ReadySet.Batch(arena, READS);
            Connection.Buffer buffer = new Connection.Buffer(arena);
            while (!ended) {
                try {
                    work(some, few, buffer);
                } catch (RuntimeException | Error e) {
                    // Of memory, for one, there may be more later: a thread that ends here is missing for ever, and
                    // says nothing.
                    LOG.log(System.Logger.Level.ERROR, "the AESM socket met what it does not expect", e);
                }
            }
        } catch (LinuxException e) {
            LOG.log(System.Logger.Level.ERROR, "the AESM socket is served no more", e);
        }
    }

    private void work(ReadySet.Batch some, ReadySet.Batch few, Connection.Buffer buffer) throws LinuxException {
        lanes.await(some);
        Lane lane = lanes.turn();
        if (lane != null) {
            try {
                read(lane, few, buffer);
            } finally {
                lanes.turned(lane);
            }
        }
        Waiting next = lanes.next();
        if (next != null) {
            boolean done = false;
            try {
                answer(next, buffer);
                done = true;
            } finally {
                lanes.answered();
                if (!done) {
                    close(next.connection());
                }
            }
        }
    }

    private void read(Lane lane, ReadySet.Batch batch, Connection.Buffer buffer) {
        for (int i = 0; i < READS; i++) {
            Connection connection = lanes.further(lane);
            if (connection == null) {
                break;
            }
            proceed(connection, buffer);
        }
        if (!lanes.takeReadable(lane) || draining) {
            return;
        }
        try {
            lane.ready().await(batch, false);
        } catch (LinuxException e) {
            // Its last connection was just closed.
            return;
        }
        if (batch.isFull()) {
            lanes.readable(lane);
        }
        for (int i = 0; i < batch.count(); i++) {
            Connection connection = connections.get(batch.data(i));
            if (connection != null && connection.own()) {
                read(connection, buffer);
            }
        }
    }

    private void read(Connection connection, Connection.Buffer buffer) {
        if (connection.hasUnsent()) {
            send(connection, new byte[0], buffer);
            return;
        }
        switch (connection.read(buffer)) {
            case SOMETHING -> proceed(connection, buffer);
            case NOTHING -> watch(connection);
            case THE_END -> close(connection);
        }
    }

    /** Lets the next frame of a connection wait for its turn, or watches the connection until there is one. */
    private void proceed(Connection connection, Connection.Buffer buffer) {
        byte[] body = connection.frame();
        if (body == null) {
            if (connection.isTooLong()) {
                // Where the next frame would begin is not known.
                connection.send(AesmMessages.tooLong(), buffer);
                close(connection);
            } else {
                watch(connection);
            }
            return;
        }
        AesmRequest request = AesmMessages.parse(body);
        if (!lanes.add(new Waiting(connection, request, deadline(request)))) {
            send(connection, answers.error(request, AesmError.BUSY), buffer);
        }
    }

    private void watch(Connection connection) {
        if (!connection.watch()) {
            close(connection);
        }
    }

    private long deadline(AesmRequest request) {
        long longest = options.timeout().toNanos();
        long asked = TimeUnit.MICROSECONDS.toNanos(request.timeoutMicros());
        return System.nanoTime() + (asked == 0 ? longest : Math.min(asked, longest));
    }

    private void answer(Waiting waiting, Connection.Buffer buffer) {
        byte[] frame = waiting.isOver(System.nanoTime())
                ? answers.error(waiting.request(), AesmError.BACKEND_SERVER_BUSY)
                : answers.answer(waiting.request(), waiting.connection().peer().workload());
        send(waiting.connection(), frame, buffer);
    }

    /** Sends an answer, and goes on to the connection's next request where it is there already. */
    private void send(Connection connection, byte[] frame, Connection.Buffer buffer) {
        if (!connection.send(frame, buffer)) {
            close(connection);
        } else if (connection.hasUnsent() || !connection.mayHaveFrame()) {
            watch(connection);
        } else {
            lanes.further(connection);
        }
    }

    /** Answers requests whose time is over while all threads have something to do, and closes connections that stall. */
    private void watchTime() {
        try (Arena arena = Arena.ofConfined()) {
            Connection.Buffer buffer = new Connection.Buffer(arena);
            while (!ended) {
                Thread.sleep(TICK);
                try {
                    lookAtTime(buffer);
                } catch (RuntimeException | Error e) {
                    LOG.log(System.Logger.Level.ERROR, "the AESM socket's clock met what it does not expect", e);
                }
            }
        } catch (InterruptedException e) {
            // The end.
        }
    }

    private void lookAtTime(Connection.Buffer buffer) {
        for (Waiting over : lanes.overdue(System.nanoTime())) {
            send(over.connection(), answers.error(over.request(), AesmError.BACKEND_SERVER_BUSY), buffer);
        }
        long since = System.nanoTime() - options.stall().toNanos();
        for (Connection connection : connections.values()) {
            if (connection.closeStalledSince(since)) {
                counters.stalled.increment();
                closed(connection);
            }
        }
    }

    /** Reads no more, lets the requests that wait be answered within a time, and answers the rest that the service ends. */
    void drain(Duration grace) {
        synchronized (admission) {
            draining = true;
        }
        long end = System.nanoTime() + grace.toNanos();
        boolean interrupted = false;
        while (lanes.isBusy() && end - System.nanoTime() > 0 && !interrupted) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        try (Arena arena = Arena.ofConfined()) {
            refuseWaiting(new Connection.Buffer(arena));
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void refuseWaiting(Connection.Buffer buffer) {
        for (Waiting rest : lanes.takeAll()) {
            rest.connection().send(answers.error(rest.request(), AesmError.SERVICE_STOPPED), buffer);
        }
    }

    /** Requests that came when nobody read any more, or were read in part before, are answered too. No other thread is left. */
    private void refuseUnread(Connection connection, Connection.Buffer buffer) {
        for (int i = 0; i < MOST_UNREAD; i++) {
            byte[] body = connection.frame();
            while (body == null && !connection.isTooLong() && connection.read(buffer) == Connection.Came.SOMETHING) {
                body = connection.frame();
            }
            if (body == null) {
                if (connection.isTooLong()) {
                    connection.send(AesmMessages.tooLong(), buffer);
                }
                return;
            }
            byte[] stopped = answers.error(AesmMessages.parse(body), AesmError.SERVICE_STOPPED);
            if (!connection.send(stopped, buffer) || connection.hasUnsent()) {
                return;
            }
        }
    }

    /** Ends the threads and closes the connections. */
    @Override
    public void close() {
        ended = true;
        clock.interrupt();
        try {
            lanes.wakeAll();
        } catch (LinuxException e) {
            throw new IllegalStateException("an open descriptor can be waited for", e);
        }
        boolean interrupted = join(clock);
        for (Thread thread : threads) {
            interrupted |= join(thread);
        }
        try (Arena arena = Arena.ofConfined()) {
            Connection.Buffer buffer = new Connection.Buffer(arena);
            refuseWaiting(buffer);
            connections.values().forEach(connection -> refuseUnread(connection, buffer));
        }
        connections.values().forEach(this::close);
        lanes.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits for the end of a thread; whether this one was interrupted meanwhile. */
    static boolean join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        return interrupted;
    }
}
