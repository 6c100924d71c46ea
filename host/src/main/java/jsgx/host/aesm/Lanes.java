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
 * The workloads that have something to do, in two rounds: in its turn of the one a few of a workload's connections are read, in that of the
 * other one of its requests is answered. What a workload with many connections sends stays in its own lane, and in front of nobody.
 *
 * <p>One thread less than there are answers at a time, so that there is one to read, and to say that too many wait, however long answers
 * take.
 *
 * <p>Threads that have nothing to do wait for the set of all lanes. A lane is told once when something comes in it.
 */
final class Lanes implements AutoCloseable {

    /** What wakes threads is told with this. */
    private static final long WAKE = 0;

    private final ReadySet all = new ReadySet();
    private final int event = Descriptors.event();
    private final int most;
    private final int answerers;

    // All below is guarded by this.

    private final Map<String, Lane> lanes = new HashMap<>();
    private final Map<Long, Lane> byId = new HashMap<>();
    private final ArrayDeque<Lane> reading = new ArrayDeque<>();
    private final ArrayDeque<Lane> answering = new ArrayDeque<>();
    private long lastId = WAKE;
    private int asleep;
    private int waiting;
    private int underWay;

    /**
     * @param most how many requests of one workload may wait
     * @param threads how many threads there are, 2 at least
     */
    Lanes(int most, int threads) throws LinuxException {
        this.most = most;
        this.answerers = threads - 1;
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
            sleep = reading.isEmpty() && !isAnswerDue();
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
                    readable(lane);
                }
            }
        }
    }

    private boolean isAnswerDue() {
        return !answering.isEmpty() && underWay < answerers;
    }

    /** The lane whose turn it is to be read; null where none is to be. */
    synchronized @Nullable Lane turn() {
        Lane lane = reading.poll();
        if (lane != null) {
            lane.reads = false;
        }
        return lane;
    }

    /** A lane's turn to be read is over: it has another one where there is more. */
    synchronized void turned(Lane lane) {
        joinReading(lane);
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
        joinReading(lane);
    }

    /** A connection that may have another frame. */
    synchronized void further(Connection connection) {
        connection.lane().further.add(connection);
        joinReading(connection.lane());
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
        joinAnswering(lane);
        return true;
    }

    /** A request that {@link #next} gave is answered. */
    synchronized void answered() {
        underWay--;
    }

    /** The request that is to be answered next; null where none is, or enough are already. */
    @Nullable
    Waiting next() {
        Waiting next = null;
        boolean wake;
        synchronized (this) {
            while (next == null && isAnswerDue()) {
                Lane lane = answering.remove();
                lane.answers = false;
                // Its time may be over, so that it is gone.
                next = lane.waiting.poll();
                joinAnswering(lane);
            }
            if (next != null) {
                waiting--;
                underWay++;
            }
            wake = next != null && asleep > 0 && (isAnswerDue() || !reading.isEmpty());
        }
        if (wake) {
            Descriptors.wake(event);
        }
        return next;
    }

    private void joinReading(Lane lane) {
        if (!lane.reads && lane.isToRead()) {
            lane.reads = true;
            reading.add(lane);
        }
    }

    private void joinAnswering(Lane lane) {
        if (!lane.answers && !lane.waiting.isEmpty()) {
            lane.answers = true;
            answering.add(lane);
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
