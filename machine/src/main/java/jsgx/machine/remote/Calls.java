package jsgx.machine.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.machine.linux.StreamSocket;
import org.jspecify.annotations.Nullable;

/**
 * The front end's ends of the lanes. It calls on the first ones: its tracer, and beside it who closes devices. On the others it answers, whatever its tracer
 * does.
 */
final class Calls {

    private static final class Line {
        final ReentrantLock lock = new ReentrantLock();
        final Lane lane;

        Line(Lane lane) {
            this.lane = lane;
        }
    }

    private final List<Line> lines = new ArrayList<>();
    private final List<Lane> answering = new ArrayList<>();
    private final List<Thread> answerers = new ArrayList<>();
    private volatile @Nullable String lost;
    private volatile boolean closed;

    /**
     * Lanes.
     *
     * @param sockets those to call on first
     */
    Calls(List<StreamSocket> sockets, Lane.Server server) {
        for (StreamSocket socket : sockets) {
            Lane lane = new Lane(socket, server, true);
            if (lines.size() < SessionLanes.CALLS) {
                lines.add(new Line(lane));
            } else {
                answering.add(lane);
            }
        }
    }

    /**
     * Answers what the daemon asks from now on.
     *
     * @param gone is told where the daemon is gone
     */
    void begin(Runnable gone) {
        for (Lane lane : answering) {
            answerers.add(Thread.ofPlatform().daemon().name("jsgx-daemon").start(() -> answer(lane, gone)));
        }
    }

    private void answer(Lane lane, Runnable gone) {
        try {
            lane.serve();
            lost("it has ended, or has ended the run");
        } catch (LaneEnded | BadMessage e) {
            lost(String.valueOf(e.getMessage()));
        } finally {
            if (!closed) {
                gone.run();
            }
        }
    }

    private void lost(String why) {
        if (lost == null && !closed) {
            lost = why;
        }
    }

    /** Why there is no daemon any more; null where there is one. */
    @Nullable
    String lost() {
        return lost;
    }

    /** Calls the daemon. */
    In call(Op op, Out operands) {
        for (Line line : lines) {
            if (line.lock.isHeldByCurrentThread()) {
                return call(line.lane, op, operands);
            }
        }
        Line line = lines.getFirst();
        if (!line.lock.tryLock()) {
            line = lines.getLast();
            line.lock.lock();
        }
        try {
            return call(line.lane, op, operands);
        } finally {
            line.lock.unlock();
        }
    }

    /** Calls on a lane whose other end waits for this one's answer. */
    In call(Lane lane, Op op, Out operands) {
        try {
            return lane.call(op, operands, StreamSocket.NEVER);
        } catch (LaneEnded e) {
            lost(String.valueOf(e.getMessage()));
            throw e;
        }
    }

    /** Ends the session. */
    void close() {
        closed = true;
        lines.forEach(line -> line.lane.shutdown());
        answering.forEach(Lane::shutdown);
        boolean interrupted = false;
        for (Thread answerer : answerers) {
            while (answerer.isAlive()) {
                try {
                    answerer.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        lines.forEach(line -> line.lane.close());
        answering.forEach(Lane::close);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
