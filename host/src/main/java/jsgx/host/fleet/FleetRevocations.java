package jsgx.host.fleet;

import java.time.Instant;
import java.util.List;
import jsgx.launch.governor.Revocation;

/**
 * What a fleet has revoked.
 *
 * @param revision when it was looked at
 * @param entries in no order
 */
public record FleetRevocations(long revision, List<Entry> entries) {

    /** How many there may be. */
    public static final int MOST = 100_000;

    public FleetRevocations {
        entries = List.copyOf(entries);
    }

    /**
     * One revocation.
     *
     * @param revision from which on it holds
     * @param time when it was made, by the clock of the host that made it
     * @param host the name of that host
     */
    public record Entry(Revocation revocation, long revision, Instant time, String host) {}
}
