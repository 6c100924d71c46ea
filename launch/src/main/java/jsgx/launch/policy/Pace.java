package jsgx.launch.policy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** How a policy is read: at once, or with a rest after each short piece of work, so that who launches meanwhile finds a processor. Of one thread. */
final class Pace {

    /** How long a piece takes, and the rest after it: less than what the kernel gives a thread before another one's turn comes. */
    private static final long PIECE = TimeUnit.MICROSECONDS.toNanos(500);

    private final boolean rests;
    private long begun = System.nanoTime();

    private Pace(boolean rests) {
        this.rests = rests;
    }

    /** For who waits for the policy. */
    static Pace atOnce() {
        return new Pace(false);
    }

    /** For who puts another one in force: nobody waits for that one yet. */
    static Pace withRests() {
        return new Pace(true);
    }

    /** Some of the work is done. */
    void step() {
        if (rests && System.nanoTime() - begun >= PIECE) {
            LockSupport.parkNanos(PIECE);
            begun = System.nanoTime();
        }
    }
}
