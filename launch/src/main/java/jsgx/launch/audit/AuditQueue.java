package jsgx.launch.audit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.launch.LaunchException;
import org.jspecify.annotations.Nullable;

/** The events of an asynchronous trail that are not written yet, and the thread that writes them, as many at once as have gathered. */
final class AuditQueue implements AutoCloseable {

    /** Writes events in their order. When it returns, they are durable. */
    interface Sink {
        void write(List<AuditEvent> events) throws LaunchException;
    }

    /** How many events may wait: a failure that is not known yet loses no more. */
    private static final int MOST = 8192;

    /** How long events may wait for others. */
    private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final Sink sink;
    private final Thread writer =
            Thread.ofPlatform().daemon().name("jsgx-audit").unstarted(this::writeAll);

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    // These are guarded by the lock.

    private List<AuditEvent> waiting = new ArrayList<>();

    /** Those that are being written, and since when the oldest of all has waited, by the nanosecond clock. */
    private int writing;

    private long writingSince;
    private long waitingSince;
    private boolean closed;
    private @Nullable LaunchException failure;

    AuditQueue(Sink sink) {
        this.sink = sink;
    }

    /** Begins to write. */
    void start() {
        writer.start();
    }

    void add(AuditEvent event) throws LaunchException {
        lock.lock();
        try {
            while (waiting.size() >= MOST && failure == null && !closed) {
                changed.awaitUninterruptibly();
            }
            check();
            if (closed) {
                throw new LaunchException("the audit trail is closed");
            }
            waiting.add(event);
            if (waiting.size() == 1) {
                waitingSince = System.nanoTime();
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void writeAll() {
        for (List<AuditEvent> events = take(); !events.isEmpty(); events = take()) {
            try {
                sink.write(events);
                written();
            } catch (LaunchException e) {
                fail(e);
                return;
            } catch (Throwable e) {
                fail(new LaunchException("the audit trail cannot be written: " + e, e));
                throw e;
            }
            LockSupport.parkNanos(GATHER_NANOS);
        }
    }

    /** Whether there is room for many more events: nobody will wait for it soon. */
    boolean hasTime() {
        lock.lock();
        try {
            return waiting.size() < MOST / 2;
        } finally {
            lock.unlock();
        }
    }

    private void written() {
        lock.lock();
        try {
            writing = 0;
        } finally {
            lock.unlock();
        }
    }

    /** What is not durable yet. */
    AuditTrail.Lag lag() {
        lock.lock();
        try {
            int count = writing + waiting.size();
            long since = writing > 0 ? writingSince : waitingSince;
            return count == 0
                    ? AuditTrail.Lag.NONE
                    : new AuditTrail.Lag(count, Duration.ofNanos(System.nanoTime() - since));
        } finally {
            lock.unlock();
        }
    }

    /** What waits, once something does; nothing where it is closed and all is written. */
    private List<AuditEvent> take() {
        lock.lock();
        try {
            while (waiting.isEmpty() && !closed) {
                changed.awaitUninterruptibly();
            }
            List<AuditEvent> taken = waiting;
            waiting = new ArrayList<>();
            writing = taken.size();
            writingSince = waitingSince;
            changed.signalAll();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private void fail(LaunchException why) {
        lock.lock();
        try {
            failure = why;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void check() throws LaunchException {
        if (failure != null) {
            throw new LaunchException("the audit trail could not be written: " + failure.getMessage(), failure);
        }
    }

    /**
     * Takes nothing more, and returns when all is durable.
     *
     * @throws LaunchException where it may not be
     */
    @Override
    public void close() throws LaunchException {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(writer);
        boolean interrupted = false;
        while (writer.isAlive()) {
            try {
                writer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        lock.lock();
        try {
            check();
        } finally {
            lock.unlock();
        }
    }
}
