package jsgx.launch.audit;

import java.util.Locale;

/** What a record of the audit trail has gone through when {@link AuditTrail#record} returns: {@code audit.durability}. */
public enum Durability {
    /** It is on the disk, by a sync of its own; the records of others wait for it. */
    EACH,
    /** It is on the disk; records that are made at the same time share a sync. */
    GROUP,
    /**
     * It is on its way to the disk. A crash of the machine loses the records of the last moments, a crash of the process none. After a sync that
     * failed the next record is refused.
     */
    ASYNC;

    /** The name in options and configuration. */
    public String id() {
        return name().toLowerCase(Locale.ROOT);
    }
}
