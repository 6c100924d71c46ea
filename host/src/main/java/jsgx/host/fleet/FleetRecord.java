package jsgx.host.fleet;

import jsgx.launch.audit.AuditEntry;

/**
 * One record in the stream of all hosts' audit trails.
 *
 * @param position where it stands in the stream: what comes after it is read from here
 * @param platform the id of the host's package
 * @param host the host's name
 * @param entry the record, as it stands in the host's own trail
 */
public record FleetRecord(String position, String platform, String host, AuditEntry entry) {}
