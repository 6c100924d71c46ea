package jsgx.launch.audit;

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
}
