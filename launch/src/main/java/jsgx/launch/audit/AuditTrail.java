package jsgx.launch.audit;

import java.time.Duration;
import jsgx.launch.LaunchException;

/** Takes the record of every decision. Records of one launch share its id. */
public interface AuditTrail {

    /** Keeps nothing. */
    AuditTrail NONE = event -> {};

    /**
     * Records an event; returns when it is as durable as the trail promises.
     *
     * @throws LaunchException where it cannot be recorded; the caller fails closed
     */
    void record(AuditEvent event) throws LaunchException;

    /**
     * What was recorded and is not durable yet.
     *
     * @param waiting how many events
     * @param oldest how long the oldest has waited; zero where none waits
     */
    record Lag(long waiting, Duration oldest) {

        /** Nothing waits. */
        public static final Lag NONE = new Lag(0, Duration.ZERO);
    }

    /** What was recorded and is not durable yet. */
    default Lag lag() {
        return Lag.NONE;
    }
}
