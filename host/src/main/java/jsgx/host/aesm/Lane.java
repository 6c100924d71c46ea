package jsgx.host.aesm;

import java.util.ArrayDeque;
import jsgx.driver.Workload;

/** One workload's connections, and its requests that wait. What is not final is guarded by the {@link Lanes}. */
final class Lane {

    private final Lanes lanes;
    private final long id;
    private final Workload workload;

    /** Its connections; it is itself in the set of all lanes. */
    private final ReadySet ready;

    /** The requests that wait, in the order in which they came; guarded by the lanes. */
    final ArrayDeque<Waiting> waiting = new ArrayDeque<>();

    /** Connections that had a frame answered and may have another one; guarded by the lanes. */
    final ArrayDeque<Connection> further = new ArrayDeque<>();

    int connections;

    /** Whether a connection may be ready. */
    boolean readable;

    /** Whether it has a place in the round of reading. */
    boolean reads;

    /** Whether it has a place in the round of answering. */
    boolean answers;

    Lane(Lanes lanes, long id, Workload workload, ReadySet ready) {
        this.lanes = lanes;
        this.id = id;
        this.workload = workload;
        this.ready = ready;
    }

    long id() {
        return id;
    }

    Workload workload() {
        return workload;
    }

    ReadySet ready() {
        return ready;
    }

    /** A connection of it is closed. */
    void left() {
        lanes.left(this);
    }

    boolean isToRead() {
        return readable || !further.isEmpty();
    }
}
