package jsgx.host.fleet;

/**
 * How a host stands with its fleet.
 *
 * @param fleet the fleet's name
 * @param engine where it is, without a secret
 * @param host this host's name
 * @param platform the id of this host's package
 * @param connected whether the last question was answered, and what was answered is in force
 * @param mayLaunch whether anything may launch
 * @param partitioned whether launches go on although the lease has run out
 * @param leaseMillis the lease
 * @param leaseAgeMillis how long ago the host asked what it last had an answer to
 * @param revision the fleet's revision that is in force here
 * @param auditNumber the last record of this host's trail in the stream
 * @param auditLagMillis how old the first record is that is not; 0 where all are
 * @param trouble what is the matter, for people; empty for nothing
 */
public record FleetStatus(
        String fleet,
        String engine,
        String host,
        String platform,
        boolean connected,
        boolean mayLaunch,
        boolean partitioned,
        long leaseMillis,
        long leaseAgeMillis,
        long revision,
        long auditNumber,
        long auditLagMillis,
        String trouble) {}
