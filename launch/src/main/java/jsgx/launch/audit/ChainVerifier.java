package jsgx.launch.audit;

import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.audit.AuditVerification.Broken;
import jsgx.launch.audit.AuditVerification.Intact;
import org.jspecify.annotations.Nullable;

/** Checks the entries of a trail one after the other: that each follows from the one before it, and who signed them. */
public final class ChainVerifier {

    private final String key;
    private final Map<Long, String> anchors = new HashMap<>();

    private long first;
    private long number;
    private long checkpoints;
    private long signed;
    private byte[] head = AuditFormat.zeroes();
    private @Nullable Broken broken;

    /**
     * Checks a trail that is yet to come.
     *
     * @param key the public key that must have signed it, as {@link AuditKey#readPublic} tells it
     * @param anchors what was kept elsewhere; the one before the first entry stands for what was put away
     */
    public ChainVerifier(String key, List<AuditAnchor> anchors) {
        this.key = key;
        anchors.forEach(anchor -> this.anchors.put(anchor.number(), anchor.hash()));
    }

    /** The first entry that is wrong, if one was. */
    public Optional<Broken> broken() {
        return Optional.ofNullable(broken);
    }

    /** The number that the next entry should have. */
    long expected() {
        return number + 1;
    }

    /** Says what is wrong with the next entry, unless something was wrong before it. */
    void refuse(String where, String expected, String found, String meaning) {
        if (broken == null) {
            broken = new Broken(expected(), where, expected, found, meaning);
        }
    }

    /**
     * Checks the next entry, unless something was wrong before it.
     *
     * @param where the place where it stands, for {@link #broken}
     */
    public void accept(AuditEntry entry, String where) {
        if (broken != null) {
            return;
        }
        if (first == 0) {
            begin(entry, where);
        } else if (entry.number() != expected()) {
            refuse(
                    where,
                    "entry %d".formatted(expected()),
                    "entry %d".formatted(entry.number()),
                    entry.number() > expected()
                            ? "entries were taken out, or moved"
                            : "an entry was put in, or entries were moved");
        }
        if (broken != null) {
            return;
        }
        byte[] hash = AuditFormat.hash(head, AuditFormat.json(entry));
        if (!AuditFormat.hex(hash).equals(entry.hash())) {
            refuse(
                    where,
                    "the hash " + AuditFormat.hex(hash),
                    "the hash " + entry.hash(),
                    "this entry was changed, or is not the one that followed entry " + number);
        } else if (entry instanceof Checkpoint checkpoint) {
            check(checkpoint, where);
        }
        if (broken == null
                && !anchors.getOrDefault(entry.number(), entry.hash()).equals(entry.hash())) {
            refuse(
                    where,
                    "the anchor's hash " + anchors.get(entry.number()),
                    "the hash " + entry.hash(),
                    "the trail was written anew up to here or further: the anchor is of another one");
        }
        if (broken == null) {
            number = entry.number();
            head = hash;
        }
    }

    private void begin(AuditEntry entry, String where) {
        first = entry.number();
        number = entry.number() - 1;
        if (!(entry instanceof Checkpoint checkpoint)) {
            number = 0;
            refuse(where, "a checkpoint, with which every trail begins", "entry " + first, "the beginning was cut off");
            return;
        }
        String before = number == 0 ? AuditFormat.hex(head) : anchors.getOrDefault(number, "");
        if (before.isEmpty()) {
            number = 0;
            refuse(
                    where,
                    "entry 1, or an anchor of entry %d".formatted(first - 1),
                    "entry %d and no such anchor".formatted(first),
                    "the beginning is not here: where it was put away on purpose, give the anchor of its last entry");
        } else if (!before.equals(checkpoint.chain())) {
            refuse(
                    where,
                    "the hash before it " + before,
                    "the hash before it " + checkpoint.chain(),
                    "what came before is not what the anchor is of");
        } else {
            head = HexFormat.of().parseHex(before);
        }
    }

    private void check(Checkpoint checkpoint, String where) {
        String chain = AuditFormat.hex(head);
        String since = "entries %d to %d may have been written anew".formatted(signed + 1, checkpoint.number());
        if (!checkpoint.chain().equals(chain)) {
            refuse(where, "a checkpoint of " + chain, "a checkpoint of " + checkpoint.chain(), since);
        } else if (!checkpoint.key().equals(key)) {
            refuse(
                    where,
                    "a checkpoint of the key " + key,
                    "a checkpoint of the key " + checkpoint.key(),
                    "somebody else's key signed it: " + since);
        } else if (!AuditKey.verifies(key, AuditFormat.signed(checkpoint.number(), chain), checkpoint.signature())) {
            refuse(where, "a signature of the key " + key, "another signature", since);
        } else {
            checkpoints++;
            signed = checkpoint.number();
        }
    }

    /** What came of it, at the end of the trail. */
    public AuditVerification end(String where) {
        long last = anchors.keySet().stream().mapToLong(Long::longValue).max().orElse(0);
        if (first == 0) {
            refuse(where, "a checkpoint, with which every trail begins", "no entry", "all was cut off");
        } else if (last > number) {
            refuse(
                    where,
                    "entry %d, of which there is an anchor".formatted(last),
                    "the end after entry %d".formatted(number),
                    "entries were cut off at the end");
        }
        Broken wrong = broken;
        return wrong != null
                ? wrong
                : new Intact(
                        first, number - first + 1, checkpoints, signed, new AuditAnchor(number, AuditFormat.hex(head)));
    }
}
