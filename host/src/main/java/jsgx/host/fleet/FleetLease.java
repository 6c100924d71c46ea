package jsgx.host.fleet;

import java.time.Duration;
import java.util.function.LongSupplier;
import jsgx.launch.LaunchException;

/**
 * How long a host may go on by what it knows: this long since it asked for the fleet's state, once the answer has come and is in force.
 * Time is this host's monotonic clock alone, and counts from the moment before the question was sent: a revocation that the engine took
 * before that moment is known, so that none is unknown for longer than the lease.
 */
final class FleetLease {

    /** Records that the host goes on without a lease, or has one again. */
    interface Recorder {
        void record(String verdict, String what) throws LaunchException;
    }

    private final long nanos;
    private final boolean goOn;
    private final LongSupplier clock;
    private final Recorder recorder;

    /** What the host last heard an answer to, by when it had asked; and whether it ever did. */
    private record Heard(boolean ever, long askedAt) {}

    private volatile Heard heard;

    /** Whether launches go on without a lease, and that is on record. */
    private volatile boolean goesOn;

    /** Whether it is on record that nothing launches; guarded by this. */
    private boolean stopped;

    /** What keeps the host from hearing, for people. */
    private volatile String trouble = "it has not been asked yet";

    FleetLease(Duration lease, boolean goOn, LongSupplier clock, Recorder recorder) {
        this.nanos = lease.toNanos();
        this.goOn = goOn;
        this.clock = clock;
        this.recorder = recorder;
        this.heard = new Heard(false, clock.getAsLong());
    }

    boolean holds() {
        Heard last = heard;
        return last.ever() && clock.getAsLong() - last.askedAt() < nanos;
    }

    /** Milliseconds since the host asked what it last had an answer to, or since it began; never negative. */
    long ageMillis() {
        return Math.max(0, (clock.getAsLong() - heard.askedAt()) / 1_000_000);
    }

    /** Whether launches go on although nothing is promised. */
    boolean goesOn() {
        return goesOn;
    }

    String trouble() {
        return trouble;
    }

    /** What was answered to a question of that time is in force now. */
    void renew(long askedAt) {
        trouble = "";
        heard = new Heard(true, askedAt);
        recordChange();
    }

    /** The host could not hear, or not do what it heard. */
    void fail(String reason) {
        trouble = reason;
    }

    /** Why nothing may launch now; empty where launches may go on. */
    String refusal() {
        if (holds() || goesOn) {
            return "";
        }
        String reason = reason();
        Heard last = heard;
        // A host that has just started waits for its fleet as long as any other.
        boolean mayGoOn = goOn && (last.ever() || clock.getAsLong() - last.askedAt() >= nanos);
        return mayGoOn ? goOn(reason) : reason;
    }

    /** Why the lease is over. */
    String explanation() {
        return reason();
    }

    private String reason() {
        String since = heard.ever()
                ? "has heard nothing from its fleet for %d ms, its lease is %d ms"
                        .formatted(ageMillis(), nanos / 1_000_000)
                : "has not heard from its fleet since it started";
        return "this host %s: %s; it launches nothing until it hears again, or with  fleet.partition: continue"
                .formatted(since, trouble.isEmpty() ? "no answer in time" : trouble);
    }

    /** The promise is void from here on, which is recorded before anything launches. */
    private synchronized String goOn(String reason) {
        if (!goesOn && !holds()) {
            try {
                recorder.record(
                        "partition-continue",
                        "launches go on without the fleet, whose revocations may be missing: " + reason);
                goesOn = true;
            } catch (LaunchException e) {
                return reason + "; and that it goes on cannot be recorded: " + e.getMessage();
            }
        }
        return "";
    }

    /** Records what is not on record yet. */
    synchronized void recordChange() {
        try {
            if (!holds()) {
                if (goOn) {
                    refusal();
                } else if (!stopped) {
                    recorder.record("partition-refuse", reason());
                    stopped = true;
                }
            } else if (goesOn) {
                recorder.record("partition-over", "the fleet is heard again: what it revoked meanwhile is in force");
                goesOn = false;
            } else if (stopped) {
                recorder.record("partition-over", "the fleet is heard again: launches go on");
                stopped = false;
            }
        } catch (LaunchException e) {
            // Tried again with the next look.
        }
    }
}
