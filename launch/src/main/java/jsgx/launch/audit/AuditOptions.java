package jsgx.launch.audit;

import java.time.Duration;

/**
 * How an audit trail is kept.
 *
 * @param durability when a record is durable
 * @param checkpointRecords after how many records a signed checkpoint comes at the latest
 * @param checkpointInterval how long after the last checkpoint the next record is followed by one
 * @param segmentBytes how large a file grows before the trail goes on in the next
 */
public record AuditOptions(
        Durability durability, int checkpointRecords, Duration checkpointInterval, long segmentBytes) {

    private static final AuditOptions DEFAULTS =
            new AuditOptions(Durability.GROUP, 1000, Duration.ofSeconds(10), 64L << 20);

    /** Group commit, a checkpoint every 1000 records or 10 seconds, files of 64 MiB. */
    public static AuditOptions defaults() {
        return DEFAULTS;
    }

    public AuditOptions withDurability(Durability changed) {
        return new AuditOptions(changed, checkpointRecords, checkpointInterval, segmentBytes);
    }

    public AuditOptions withCheckpoints(int records, Duration interval) {
        return new AuditOptions(durability, records, interval, segmentBytes);
    }

    public AuditOptions withSegmentBytes(long bytes) {
        return new AuditOptions(durability, checkpointRecords, checkpointInterval, bytes);
    }
}
