package jsgx.launch.audit;

/** What came of checking an audit trail. */
public sealed interface AuditVerification {

    /**
     * Every entry follows from the one before it, every checkpoint is signed by the expected key, and all anchors hold.
     *
     * @param first the number of the first entry; greater than 1 where an anchor stands for those before it
     * @param entries how many there are
     * @param checkpoints how many of them are checkpoints
     * @param signed the number of the last checkpoint: those after it have no signature yet
     * @param head the last entry
     */
    record Intact(long first, long entries, long checkpoints, long signed, AuditAnchor head)
            implements AuditVerification {}

    /**
     * The trail is not what was recorded.
     *
     * @param number of the first entry at which that shows
     * @param where the file and the offset, or the line
     * @param expected what should be there
     * @param found what is there
     * @param meaning what may have happened, for people
     */
    record Broken(long number, String where, String expected, String found, String meaning)
            implements AuditVerification {}
}
