package jsgx.launch.audit;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.SortedMap;
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
        MessageDigest sha256 = sha256();
        sha256.update(before);
        return sha256.digest(json);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
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
        return text(entry).getBytes(StandardCharsets.UTF_8);
    }

    static String line(AuditEntry entry) {
        try {
            SortedMap<String, Object> members = CanonicalJson.parse(text(entry));
            members.put("hash", entry.hash());
            return CanonicalJson.write(members);
        } catch (LaunchException e) {
            throw new IllegalStateException("what was written can be read", e);
        }
    }

    private static String text(AuditEntry entry) {
        CanonicalJson.Writer json = new CanonicalJson.Writer();
        return switch (entry) {
            case Checkpoint checkpoint ->
                json.add("chain", checkpoint.chain())
                        .add("key", checkpoint.key())
                        .add("kind", CHECKPOINT)
                        .add("next", checkpoint.next())
                        .add("number", checkpoint.number())
                        .add("signature", checkpoint.signature())
                        .add("time", checkpoint.time().toString())
                        .end();
            case Event record -> {
                AuditEvent event = record.event();
                yield json.add("attributes", event.attributes())
                        .add("code", event.code())
                        .add("id", event.id())
                        .add("isvProdId", event.isvProdId())
                        .add("isvSvn", event.isvSvn())
                        .add("kind", id(event.kind()))
                        .add("mrenclave", event.mrEnclave())
                        .add("mrsigner", event.mrSigner())
                        .add("number", record.number())
                        .add("reason", event.reason())
                        .add("revision", event.revision())
                        .add("rule", event.rule())
                        .add("time", event.time().toString())
                        .add("tokenSource", event.tokenSource())
                        .add("verdict", event.verdict())
                        .add("workload", event.workload())
                        .end();
            }
        };
    }

    private static String id(AuditEvent.Kind kind) {
        return switch (kind) {
            case INTENT -> "intent";
            case OUTCOME -> "outcome";
            case TOKEN -> "token";
            case POLICY -> "policy";
            case REVOCATION -> "revocation";
            case ADMINISTRATION -> "administration";
        };
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
        if (!text(entry).equals(CanonicalJson.write(members))) {
            throw new LaunchException(
                    "expected the members of an entry of the kind %s, found %s".formatted(kind, members.keySet()));
        }
        return entry;
    }

    private static AuditEvent.Kind kind(String name) throws LaunchException {
        for (AuditEvent.Kind kind : AuditEvent.Kind.values()) {
            if (id(kind).equals(name)) {
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
