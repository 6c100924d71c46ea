package jsgx.host.aesm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.driver.Workload;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import org.jspecify.annotations.Nullable;

/**
 * The workloads that have something to do, in a round: each has its turn, in which a few of its connections are read and one of its requests
 * is answered. What a workload with many connections sends stays in its own lane, unread for the most part, and in front of nobody.
 *
 * <p>Threads that have nothing to do wait for the set of all lanes. A lane is told once when something comes in it.
 */
final class Lanes implements AutoCloseable {

    /** What wakes threads is told with this. */
    private static final long WAKE = 0;

    private final ReadySet all = new ReadySet();
    private final int event = Descriptors.event();
    private final int most;

    // All below is guarded by this.

    private final Map<String, Lane> lanes = new HashMap<>();
    private final Map<Long, Lane> byId = new HashMap<>();
    private final ArrayDeque<Lane> round = new ArrayDeque<>();
    private long lastId = WAKE;
    private int asleep;
    private int waiting;
    private int underWay;

    /**
     * @param most how many requests of one workload may wait
     */
    Lanes(int most) throws LinuxException {
        this.most = most;
        all.add(event, ReadySet.READABLE | ReadySet.EDGE, WAKE);
    }

    /** The lane of a workload, for one more connection. */
    synchronized Lane enter(Workload workload) throws LinuxException {
        Lane lane = lanes.get(workload.name());
        if (lane == null) {
            ReadySet ready = new ReadySet();
            long id = ++lastId;
            try {
                all.add(ready.descriptor(), ReadySet.READABLE | ReadySet.EDGE, id);
            } catch (LinuxException e) {
                ready.close();
                throw e;
            }
            lane = new Lane(this, id, workload, ready);
            lanes.put(workload.name(), lane);
            byId.put(id, lane);
        }
        lane.connections++;
        return lane;
    }

    /** A connection of a lane is closed; with the last one the lane ends. */
    synchronized void left(Lane lane) {
        lane.connections--;
        if (lane.connections == 0) {
            lanes.remove(lane.workload().name());
            byId.remove(lane.id());
            lane.ready().close();
        }
    }

    /**
     * Waits until something is ready where nothing is to be done, and takes note of what is.
     *
     * @param batch the thread's
     */
    void await(ReadySet.Batch batch) throws LinuxException {
        boolean sleep;
        synchronized (this) {
            sleep = round.isEmpty();
            if (sleep) {
                asleep++;
            }
        }
        try {
            all.await(batch, sleep);
        } finally {
            synchronized (this) {
                if (sleep) {
                    asleep--;
                }
            }
        }
        synchronized (this) {
            for (int i = 0; i < batch.count(); i++) {
                Lane lane = byId.get(batch.data(i));
                if (lane != null) {
                    lane.readable = true;
                    join(lane);
                }
            }
        }
    }

    /** The lane whose turn it is, which leaves the round; null where none has anything to do. */
    synchronized @Nullable Lane turn() {
        Lane lane = round.poll();
        if (lane != null) {
            lane.inRound = false;
        }
        return lane;
    }

    /** Whether a lane's connections are to be looked at, which the caller does now. */
    synchronized boolean takeReadable(Lane lane) {
        boolean was = lane.readable;
        lane.readable = false;
        return was;
    }

    /** There may be more to read in a lane. */
    synchronized void readable(Lane lane) {
        lane.readable = true;
        join(lane);
    }

    /** A connection that may have another frame. */
    synchronized void further(Connection connection) {
        connection.lane().further.add(connection);
        join(connection.lane());
    }

    /** A connection of a lane that may have another frame; null where there is none. */
    synchronized @Nullable Connection further(Lane lane) {
        return lane.further.poll();
    }

    /** Lets a request wait; false where too many do. */
    synchronized boolean add(Waiting request) {
        Lane lane = request.connection().lane();
        if (lane.waiting.size() >= most) {
            return false;
        }
        lane.waiting.add(request);
        waiting++;
        join(lane);
        return true;
    }

    /** A request that {@link #next} gave is answered. */
    synchronized void answered() {
        underWay--;
    }

    /** The next request of a lane, which joins the round again where it has more to do; null where none waits. */
    @Nullable
    Waiting next(Lane lane) {
        Waiting next;
        boolean wake;
        synchronized (this) {
            next = lane.waiting.poll();
            if (next != null) {
                waiting--;
                underWay++;
            }
            join(lane);
            wake = next != null && !round.isEmpty() && asleep > 0;
        }
        if (wake) {
            Descriptors.wake(event);
        }
        return next;
    }

    private void join(Lane lane) {
        if (!lane.inRound && lane.hasWork()) {
            lane.inRound = true;
            round.add(lane);
        }
    }

    /** Takes all requests whose time is over. */
    synchronized List<Waiting> overdue(long now) {
        if (waiting == 0) {
            return List.of();
        }
        List<Waiting> over = new ArrayList<>();
        for (Lane lane : lanes.values()) {
            lane.waiting.removeIf(request -> request.isOver(now) && over.add(request));
        }
        waiting -= over.size();
        return over;
    }

    /** Whether a request waits or is under way, or a connection has another one. */
    synchronized boolean isBusy() {
        return waiting + underWay > 0 || lanes.values().stream().anyMatch(lane -> !lane.further.isEmpty());
    }

    /** Takes all requests that wait. */
    synchronized List<Waiting> takeAll() {
        List<Waiting> every = new ArrayList<>();
        for (Lane lane : lanes.values()) {
            every.addAll(lane.waiting);
            lane.waiting.clear();
        }
        waiting = 0;
        return every;
    }

    /** How many requests of each workload wait. */
    synchronized Map<String, Integer> waiting() {
        Map<String, Integer> counts = new TreeMap<>();
        lanes.forEach((name, lane) -> counts.put(name, lane.waiting.size()));
        return counts;
    }

    /** How many connections each workload has. */
    synchronized Map<String, Integer> connections() {
        Map<String, Integer> counts = new TreeMap<>();
        lanes.forEach((name, lane) -> counts.put(name, lane.connections));
        return counts;
    }

    /** From now on no thread waits any more. */
    void wakeAll() throws LinuxException {
        all.again(event, ReadySet.READABLE, WAKE);
        Descriptors.wake(event);
    }

    /** Frees what it has; all threads have ended, and all connections are closed. */
    @Override
    public void close() {
        all.close();
        Linux.close(event);
    }
}
