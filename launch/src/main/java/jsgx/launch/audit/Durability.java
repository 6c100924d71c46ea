package jsgx.launch.audit;

import java.util.Locale;

/** What a record of the audit trail has gone through when {@link AuditTrail#record} returns: {@code audit.durability}. */
public enum Durability {
    /** It is on the disk, by a sync of its own; the records of others wait for it. */
    EACH,
    /** It is on the disk; records that are made at the same time share a sync. */
    GROUP,
    /**
     * It waits for the trail's own thread, which writes and syncs what gathered, within milliseconds. A crash, of the process too, loses the records of
     * the last moments. After a write or a sync that failed the next record is refused; where too many wait, the next one waits as well.
     */
    ASYNC;

    /** The name in options and configuration. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
