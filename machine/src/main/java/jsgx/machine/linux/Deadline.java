package jsgx.machine.linux;

import java.time.Duration;

/**
 * A moment by which something must have happened, on the clock that is never set.
 *
 * @param at of {@link System#nanoTime}; without meaning where it is endless
 * @param endless whether there is no such moment
 */
public record Deadline(long at, boolean endless) {

    /** No such moment. */
    public static final Deadline NEVER = new Deadline(0, true);

    /** The moment in so long from now. */
    public static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos(), false);
    }

    /** How long it is until then; 0 or less where it is over, and without meaning where it is endless. */
    public long nanosLeft() {
        return at - System.nanoTime();
    }

    /** How long it is until then in milliseconds, rounded up; without meaning where it is endless. */
    int pollMillis() {
        return Math.clamp((nanosLeft() + 999_999) / 1_000_000, 0, Integer.MAX_VALUE);
    }
}
