package jsgx.host.session;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import jsgx.host.service.HostException;

/**
 * The memory that the images of one user's launches take in the daemon while those last. A memory file may say that it is large and cost its sender nothing: who
 * hands over many waits for the memory of his own.
 */
final class LaunchMemory {

    private static final int UNIT = 1 << 20;

    private final long most;
    private final Duration patience;
    private final Semaphore units;

    /**
     * @param most how many bytes all launches of the user may take at once
     * @param patience how long one waits for the others: a large one would keep all behind it waiting for as long as it likes
     */
    LaunchMemory(long most, Duration patience) {
        this.most = most;
        this.patience = patience;
        units = new Semaphore(units(most), true);
    }

    private static int units(long bytes) {
        return Math.toIntExact(Math.clamp((bytes + UNIT - 1) / UNIT, 1, Integer.MAX_VALUE));
    }

    /** What takes memory for as long as it lasts. */
    interface Work<T> {
        T done() throws HostException, IOException;
    }

    /**
     * Does what takes so many bytes, when it may; in the order of those that wait.
     *
     * @throws HostException where it never may, or not in time
     */
    <T> T call(long bytes, Work<T> work) throws HostException, IOException {
        if (bytes > most) {
            throw new HostException(
                    "this launch takes %d MiB of memory here, and all launches of a user may take %d MiB: ask the administrator for more (sessions.launch-memory-per-uid)"
                            .formatted(units(bytes), most / UNIT));
        }
        int count = units(bytes);
        try {
            if (!units.tryAcquire(count, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new HostException(
                        "other launches of this user have taken the memory of %d MiB that they may take together for %d seconds: try again, with fewer at once, or ask the administrator for more (sessions.launch-memory-per-uid)"
                                .formatted(most / UNIT, patience.toSeconds()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("interrupted", e);
        }
        try {
            return work.done();
        } finally {
            units.release(count);
        }
    }

    /** How many launches wait. */
    int waiting() {
        return units.getQueueLength();
    }
}
