package jsgx.host.fleet;

import java.time.Instant;

/**
 * A host as it last told of itself.
 *
 * @param platform the id of its package
 * @param name its name
 * @param revision the fleet's revision that is in force there
 * @param auditNumber the last record of its trail that is in the stream
 * @param auditLagMillis how old the first record is that is not; 0 where all are
 * @param state {@code ok}, or what is the matter
 * @param seen when it told this, by the engine's clock
 */
public record FleetHost(
        String platform,
        String name,
        long revision,
        long auditNumber,
        long auditLagMillis,
        String state,
        Instant seen) {

    /** How many hosts a fleet may have. */
    public static final int MOST = 10_000;
}
