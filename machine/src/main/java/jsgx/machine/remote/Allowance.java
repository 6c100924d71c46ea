package jsgx.machine.remote;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * What one user's front ends may have of a daemon, all of them together: resources of the daemon's process, and the time for which others wait for their
 * answers. Who opens more sessions has not more of either.
 *
 * <p>Time is a bucket: it holds {@link #patience}, others' waits take out of it, and a fifth of the time that passes goes back in. Where nothing is left a
 * session that keeps others waiting is lost after the least time in which a busy machine answers.
 */
public final class Allowance {

    /** What is counted. */
    public enum Resource {
        /** Devices that programs have open. */
        FILES,
        /** Address spaces of programs. */
        PROCESSES,
        /** Threads of programs. */
        THREADS,
        /** Mappings of devices in address spaces. */
        MAPPINGS,
        /** Events that wait to be told. */
        EVENTS;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** How many of each one user may have. */
    public record Limits(int files, int processes, int threads, int mappings, int events) {

        /** What nobody who means well needs. */
        public static final Limits DEFAULT = new Limits(1 << 13, 1 << 10, 1 << 12, 1 << 18, 1 << 14);

        private int of(Resource what) {
            return switch (what) {
                case FILES -> files;
                case PROCESSES -> processes;
                case THREADS -> threads;
                case MAPPINGS -> mappings;
                case EVENTS -> events;
            };
        }
    }

    /** What share of the time others may wait, beyond the patience. */
    private static final long SHARE = 5;

    /** What is owed at most, in patiences. */
    private static final long MOST_DEBT = 2;

    private final Limits limits;
    private final long patience;
    private final LongSupplier clock;
    private final Map<Resource, AtomicInteger> taken = new EnumMap<>(Resource.class);

    /** For how long others have waited, less what they have forgotten since; guarded by this. */
    private long waited;

    private long since;

    /**
     * A user of whom there is no session yet.
     *
     * @param patience how long others may wait for the user's front ends at once
     */
    public Allowance(Limits limits, Duration patience) {
        this(limits, patience, System::nanoTime);
    }

    /** For a test: with a clock of its own, in nanoseconds. */
    Allowance(Limits limits, Duration patience, LongSupplier clock) {
        this.limits = limits;
        this.patience = patience.toNanos();
        this.clock = clock;
        since = clock.getAsLong();
        for (Resource what : Resource.values()) {
            taken.put(what, new AtomicInteger());
        }
    }

    private AtomicInteger counter(Resource what) {
        AtomicInteger counter = taken.get(what);
        if (counter == null) {
            throw new IllegalArgumentException("nobody counts " + what);
        }
        return counter;
    }

    /** Takes so many; false, and none is taken, where the user would have more than the limit. */
    boolean take(Resource what, int count) {
        int most = limits.of(what) - count;
        return counter(what).getAndUpdate(now -> now <= most ? now + count : now) <= most;
    }

    /** Gives back what was taken. */
    void give(Resource what, int count) {
        counter(what).getAndAdd(-count);
    }

    /** How many there are. */
    public int taken(Resource what) {
        return counter(what).get();
    }

    /** Why the user gets no more of something. */
    String refusal(Resource what) {
        return "the programs of this user have %d %s, as many as one user's may have: end some, or ask the administrator for more"
                .formatted(taken(what), what);
    }

    private void settle() {
        long now = clock.getAsLong();
        waited = Math.max(0, waited - (now - since) / SHARE);
        since = now;
    }

    /** How long a front end may take for its next answer, in nanoseconds: what is left, but never less than this, nor more than the whole patience. */
    synchronized long patienceNanos(long least) {
        settle();
        return Math.min(patience, Math.max(least, patience - waited));
    }

    /**
     * Others have waited.
     *
     * @return whether that was for too long, and the session that they waited for is to end
     */
    synchronized boolean waited(long nanos) {
        settle();
        boolean tooLong = waited + nanos > patience;
        // Who waits at the same time counts for each, but nobody is in debt for ever.
        waited = Math.min(waited + nanos, MOST_DEBT * patience);
        return tooLong;
    }

    /** How long it takes until others have patience with the user again; zero where they have. */
    public synchronized Duration untilPatient() {
        settle();
        return Duration.ofNanos(Math.max(0, waited - patience) * SHARE);
    }

    /** Whether the user is as one of whom nothing is known. */
    public synchronized boolean isUntouched() {
        settle();
        return waited == 0 && taken.values().stream().allMatch(count -> count.get() == 0);
    }
}
