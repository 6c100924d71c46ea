package jsgx.machine.linux;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A descriptor that several threads use and any of them may close. Its number goes back to the kernel when the last call on it
 * has returned, so that no call ever meets another file under the same number.
 */
final class OpenDescriptor {

    private static final int CLOSED = Integer.MIN_VALUE;

    private final int number;
    private final AtomicInteger users = new AtomicInteger();

    OpenDescriptor(int number) {
        this.number = number;
    }

    int number() {
        return number;
    }

    boolean isClosed() {
        return users.get() < 0;
    }

    /** Begins a use; false where it is closed. */
    boolean enter() {
        for (int now = users.get(); now >= 0; now = users.get()) {
            if (users.compareAndSet(now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    /** Ends a use that {@link #enter} began. */
    void leave() {
        if (users.decrementAndGet() == CLOSED) {
            Linux.close(number);
        }
    }

    /**
     * Lets no use begin any more; the number is given back once the last one has ended.
     *
     * @param interrupt brings uses that wait to their end
     */
    void close(Runnable interrupt) {
        for (int now = users.get(); now >= 0; now = users.get()) {
            // A use of our own keeps the number while those who wait are told.
            if (users.compareAndSet(now, (now + 1) | CLOSED)) {
                interrupt.run();
                leave();
                return;
            }
        }
    }
}
