package jsgx.host.session;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import jsgx.driver.Workload;

/**
 * Lets calls of front ends go on to the driver: of one workload so many at a time that it leaves processors to others, in the order in which they came. Nobody waits
 * for a call of another workload; how many of one may wait is how many sessions it may have.
 */
final class Admission {

    /** Half of the machine. */
    private static final int AT_ONCE = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

    private static final class Line {
        final Semaphore turns = new Semaphore(AT_ONCE, true);

        /** Sessions of the workload; changed in the map alone. */
        int sessions;
    }

    private final Map<Workload, Line> lines = new ConcurrentHashMap<>();
    private final AtomicInteger inFlight = new AtomicInteger();

    /** One session's way to the driver. */
    final class Pass implements AutoCloseable {

        private final Workload workload;
        private final Line line;

        private Pass(Workload workload, Line line) {
            this.workload = workload;
            this.line = line;
        }

        /** Runs a call when it is its turn. */
        void run(Runnable call) {
            line.turns.acquireUninterruptibly();
            inFlight.incrementAndGet();
            try {
                call.run();
            } finally {
                inFlight.decrementAndGet();
                line.turns.release();
            }
        }

        @Override
        public void close() {
            lines.computeIfPresent(workload, (whose, present) -> --present.sessions > 0 ? present : null);
        }
    }

    /** The way of a session that begins. */
    Pass pass(Workload workload) {
        Line line = lines.compute(workload, (whose, present) -> {
            Line kept = present == null ? new Line() : present;
            kept.sessions++;
            return kept;
        });
        return new Pass(workload, line);
    }

    /** How many calls the driver works on. */
    int inFlight() {
        return inFlight.get();
    }
}
