package jsgx.launch.audit;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry.Checkpoint;
import jsgx.launch.audit.AuditEntry.Event;
import jsgx.launch.file.RecordLog;

/**
 * The entries of an audit trail as bytes. In a file: the entry's hash, 32 bytes, and its canonical JSON. In an export: the same JSON
 * with one more member, {@code hash}.
 */
final class AuditFormat {

    static final int HASH = 32;

    static final RecordLog.Format FILE = new RecordLog.Format(
            "JSGXAUDT",
            1,
            1 << 16,
            "nothing is recorded until it is put right: look at it with  jsgx audit verify , put the folder away as it is, and a new trail begins");

    private static final String CHECKPOINT = "checkpoint";

    /** How the canonical JSON of a checkpoint begins, and no other's. */
    private static final byte[] CHECKPOINT_BEGINS = "{\"chain\"".getBytes(StandardCharsets.US_ASCII);

    private AuditFormat() {}

    static byte[] zeroes() {
        return new byte[HASH];
    }

    static byte[] hash(byte[] before, byte[] json) {
        try {
            MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
            sha256.update(before);
            return sha256.digest(json);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    static boolean isCheckpoint(ByteBuffer record) {
        return record.remaining() > HASH + CHECKPOINT_BEGINS.length
                && record.slice(record.position() + HASH, CHECKPOINT_BEGINS.length)
                        .equals(ByteBuffer.wrap(CHECKPOINT_BEGINS));
    }

    /** What a checkpoint signs. */
    static byte[] signed(long number, String chain) {
        return "jsgx audit checkpoint %d %s".formatted(number, chain).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] json(AuditEntry entry) {
        return CanonicalJson.write(members(entry)).getBytes(StandardCharsets.UTF_8);
    }

    static String line(AuditEntry entry) {
        SortedMap<String, Object> members = members(entry);
        members.put("hash", entry.hash());
        return CanonicalJson.write(members);
    }

    private static SortedMap<String, Object> members(AuditEntry entry) {
        SortedMap<String, Object> members = new TreeMap<>();
        members.put("number", entry.number());
        members.put("time", entry.time().toString());
        switch (entry) {
            case Checkpoint checkpoint -> {
                members.put("kind", CHECKPOINT);
                members.put("chain", checkpoint.chain());
                members.put("key", checkpoint.key());
                members.put("next", checkpoint.next());
                members.put("signature", checkpoint.signature());
            }
            case Event record -> {
                AuditEvent event = record.event();
                members.put("kind", event.kind().name().toLowerCase(Locale.ROOT));
                members.put("id", event.id());
                members.put("workload", event.workload());
                members.put("mrenclave", event.mrEnclave());
                members.put("mrsigner", event.mrSigner());
                members.put("attributes", event.attributes());
                members.put("isvProdId", (long) event.isvProdId());
                members.put("isvSvn", (long) event.isvSvn());
                members.put("verdict", event.verdict());
                members.put("rule", event.rule());
                members.put("revision", event.revision());
                members.put("tokenSource", event.tokenSource());
                members.put("code", event.code());
                members.put("reason", event.reason());
            }
        }
        return members;
    }

    /** The entry in a record of a file. */
    static AuditEntry entry(ByteBuffer record) throws LaunchException {
        if (record.remaining() <= HASH) {
            throw new LaunchException("expected a hash and JSON, found %d bytes".formatted(record.remaining()));
        }
        byte[] hash = new byte[HASH];
        record.get(hash);
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(record).toString();
            return entry(hex(hash), CanonicalJson.parse(text));
        } catch (CharacterCodingException e) {
            throw new LaunchException("expected UTF-8", e);
        }
    }

    /** The entry in a line of an export. */
    static AuditEntry entry(String line) throws LaunchException {
        SortedMap<String, Object> members = CanonicalJson.parse(line);
        if (!(members.remove("hash") instanceof String hash)) {
            throw new LaunchException("expected a member \"hash\", found none");
        }
        return entry(hash, members);
    }

    private static AuditEntry entry(String hash, SortedMap<String, Object> members) throws LaunchException {
        Fields fields = new Fields(members);
        long number = fields.number("number", Long.MAX_VALUE);
        String kind = fields.string("kind");
        AuditEntry entry = kind.equals(CHECKPOINT)
                ? new Checkpoint(
                        number,
                        hash,
                        fields.time(),
                        fields.string("chain"),
                        fields.string("key"),
                        fields.string("signature"),
                        fields.string("next"))
                : new Event(
                        number,
                        hash,
                        new AuditEvent(
                                fields.string("id"),
                                fields.time(),
                                kind(kind),
                                fields.string("workload"),
                                fields.string("mrenclave"),
                                fields.string("mrsigner"),
                                fields.string("attributes"),
                                (int) fields.number("isvProdId", Integer.MAX_VALUE),
                                (int) fields.number("isvSvn", Integer.MAX_VALUE),
                                fields.string("verdict"),
                                fields.string("rule"),
                                fields.number("revision", Long.MAX_VALUE),
                                fields.string("tokenSource"),
                                fields.string("code"),
                                fields.string("reason")));
        if (!members(entry).equals(members)) {
            throw new LaunchException(
                    "expected the members %s, found %s".formatted(members(entry).keySet(), members.keySet()));
        }
        return entry;
    }

    private static AuditEvent.Kind kind(String name) throws LaunchException {
        for (AuditEvent.Kind kind : AuditEvent.Kind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).equals(name)) {
                return kind;
            }
        }
        throw new LaunchException("expected a kind of record, found \"%s\"".formatted(name));
    }

    private record Fields(SortedMap<String, Object> members) {

        String string(String name) throws LaunchException {
            if (members.get(name) instanceof String value) {
                return value;
            }
            throw new LaunchException("expected a string \"%s\", found none".formatted(name));
        }

        long number(String name, long greatest) throws LaunchException {
            if (members.get(name) instanceof Long value && Math.abs(value) <= greatest) {
                return value;
            }
            throw new LaunchException("expected a number \"%s\", found none".formatted(name));
        }

        Instant time() throws LaunchException {
            try {
                return Instant.parse(string("time"));
            } catch (DateTimeException e) {
                throw new LaunchException("expected a time, found \"%s\"".formatted(string("time")), e);
            }
        }
    }
}
