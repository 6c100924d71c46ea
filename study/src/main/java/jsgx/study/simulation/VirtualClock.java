package jsgx.study.simulation;

import java.time.Instant;
import java.time.InstantSource;

/** A clock that shows what it was set to: nanoseconds since the trace began, as if that were 1970. */
final class VirtualClock implements InstantSource {

    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MILLI = 1_000_000;

    private long nanos;

    void set(long now) {
        nanos = now;
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochSecond(nanos / NANOS_PER_SECOND, nanos % NANOS_PER_SECOND);
    }

    @Override
    public long millis() {
        return nanos / NANOS_PER_MILLI;
    }
}
