package jsgx.launch.pace;

import java.util.concurrent.TimeUnit;

/**
 * How a thread does work that nobody waits for: in short pieces, after each of which those get its processor who wait for it. The kernel would let it work for some
 * milliseconds before that, which is many times what a token takes. Of one thread.
 */
public final class Pace {

    private static final long PIECE = TimeUnit.MICROSECONDS.toNanos(100);

    private final boolean yields;
    private long begun = System.nanoTime();

    private Pace(boolean yields) {
        this.yields = yields;
    }

    /** That of work that somebody waits for: it is done at once. */
    public static Pace atOnce() {
        return new Pace(false);
    }

    /** That of work that nobody waits for. */
    public static Pace yielding() {
        return new Pace(true);
    }

    /** The work begins, after a time in which nothing was done. */
    public void begin() {
        begun = System.nanoTime();
    }

    /** Some of the work is done; others get the processor where it was enough. */
    public void step() {
        if (isDue()) {
            giveWay();
        }
    }

    /** Whether enough was done since others last got the processor. */
    public boolean isDue() {
        return yields && System.nanoTime() - begun >= PIECE;
    }

    /** Lets others have the processor; where nobody waits for it, the work goes on. */
    @SuppressWarnings("ThreadPriorityCheck") // Nothing is right or wrong by it.
    public void giveWay() {
        Thread.yield();
        begin();
    }
}
