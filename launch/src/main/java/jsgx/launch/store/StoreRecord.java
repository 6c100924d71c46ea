package jsgx.launch.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HexFormat;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.token.TokenIdentity;

/**
 * One record of the store's file: what happened to a label, or to all. Numbers are little-endian, times milliseconds since 1970.
 *
 * <pre>
 *   0  kind      1 byte   KEEP 1, DISCARD 2, PIN 3, EXPIRE 4, USED 5, BUDGET 6
 *   1  flag      1 byte   KEEP, PIN: 1 where it is pinned; else 0
 *   2  length    2 bytes  of the label, 1 to 255; BUDGET: 0
 *   4  number    8 bytes  KEEP: expires-at; EXPIRE, USED: the time; BUDGET: bytes; else 0
 *  12  label     UTF-8
 *      KEEP alone has more:
 *      last-used 8, issued-at 8, identity 80, platform 16, LE hash 32, EINITTOKEN 304
 * </pre>
 */
sealed interface StoreRecord {

    byte KEEP = 1;
    byte DISCARD = 2;
    byte PIN = 3;
    byte EXPIRE = 4;
    byte USED = 5;
    byte BUDGET = 6;

    /** The most bytes a label has in UTF-8. */
    int MAX_LABEL = 255;

    /** The most bytes a record has. */
    int MAX_SIZE = Codec.HEAD + MAX_LABEL + Codec.BODY;

    /** A token was kept, in place of what the label had; what an index needs to know of it. */
    record Keep(String label, boolean pinned, Instant expiresAt, Instant lastUsed) implements StoreRecord {}

    /** A label was emptied. */
    record Discard(String label) implements StoreRecord {}

    /** A label was pinned, or is so no longer. */
    record Pin(String label, boolean pinned) implements StoreRecord {}

    /** A label's token got another end. */
    record Expire(String label, Instant at) implements StoreRecord {}

    /** A label's token was used. */
    record Used(String label, Instant at) implements StoreRecord {}

    /** The bytes of all KEEP records that may be live. */
    record Budget(long bytes) implements StoreRecord {}

    /** The bytes of the KEEP record of a label. */
    static int size(String label) {
        return Codec.HEAD + label.getBytes(StandardCharsets.UTF_8).length + Codec.BODY;
    }

    /** Checks a label that somebody chose. */
    static void checkLabel(String label) throws LaunchException {
        int length = Codec.isAscii(label) ? label.length() : encodedLength(label);
        if (length == 0 || length > MAX_LABEL) {
            throw new LaunchException(
                    "a token's label has 1 to %d bytes, this has %d: name the application, for example  loader"
                            .formatted(MAX_LABEL, length));
        }
    }

    private static int encodedLength(String label) throws LaunchException {
        try {
            return StandardCharsets.UTF_8
                    .newEncoder()
                    .encode(CharBuffer.wrap(label))
                    .remaining();
        } catch (CharacterCodingException e) {
            throw new LaunchException("the label holds half a surrogate pair: expected text that UTF-8 can carry", e);
        }
    }

    /** The KEEP record of a token. */
    static byte[] encode(StoredToken token) {
        return Codec.head(KEEP, token.pinned(), token.expiresAt().toEpochMilli(), token.label(), Codec.BODY)
                .putLong(token.lastUsed().toEpochMilli())
                .putLong(token.issuedAt().toEpochMilli())
                .put(token.identity().bytes())
                .put(HexFormat.of().parseHex(token.origin().platform()))
                .put(HexFormat.of().parseHex(token.origin().leHash()))
                .put(token.token())
                .array();
    }

    /** The token in a KEEP record. */
    static StoredToken token(byte[] record) throws LaunchException {
        ByteBuffer in = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
        if (!(decode(in) instanceof Keep(String label, boolean pinned, Instant expiresAt, Instant lastUsed))) {
            throw Codec.wrong("of another kind than KEEP");
        }
        Instant issuedAt = Instant.ofEpochMilli(in.getLong());
        TokenIdentity identity = TokenIdentity.of(Codec.bytes(in, TokenIdentity.SIZE));
        String platform = HexFormat.of().formatHex(Codec.bytes(in, TokenOrigin.PLATFORM_SIZE));
        String leHash = HexFormat.of().formatHex(Codec.bytes(in, TokenOrigin.HASH_SIZE));
        byte[] token = Codec.bytes(in, EinitToken.SIZE);
        TokenOrigin origin = new TokenOrigin(platform, leHash);
        return new StoredToken(label, identity, origin, token, issuedAt, expiresAt, pinned, lastUsed);
    }

    static byte[] encode(Discard discard) {
        return Codec.head(DISCARD, false, 0, discard.label(), 0).array();
    }

    static byte[] encode(Pin pin) {
        return Codec.head(PIN, pin.pinned(), 0, pin.label(), 0).array();
    }

    static byte[] encode(Expire expire) {
        return Codec.head(EXPIRE, false, expire.at().toEpochMilli(), expire.label(), 0)
                .array();
    }

    static byte[] encode(Used used) {
        return Codec.head(USED, false, used.at().toEpochMilli(), used.label(), 0)
                .array();
    }

    static byte[] encode(Budget budget) {
        return Codec.head(BUDGET, false, budget.bytes(), "", 0).array();
    }

    /**
     * The record in these bytes, which anybody may have written; of a token only what an index needs is read.
     *
     * @throws LaunchException with what is wrong with it
     */
    static StoreRecord decode(ByteBuffer record) throws LaunchException {
        ByteBuffer in = record.order(ByteOrder.LITTLE_ENDIAN);
        int size = in.remaining();
        if (size < Codec.HEAD) {
            throw Codec.wrong("of %d bytes, expected at least %d".formatted(size, Codec.HEAD));
        }
        int kind = in.get();
        int flag = in.get();
        int length = Short.toUnsignedInt(in.getShort());
        long number = in.getLong();
        int expected = Codec.HEAD + length + (kind == KEEP ? Codec.BODY : 0);
        if (size != expected) {
            throw Codec.wrong("of %d bytes, expected %d".formatted(size, expected));
        }
        if (kind == BUDGET ? length != 0 : length == 0 || length > MAX_LABEL) {
            throw Codec.wrong("with a label of %d bytes, expected 1 to %d".formatted(length, MAX_LABEL));
        }
        if (flag != 0 && (flag != 1 || (kind != KEEP && kind != PIN))) {
            throw Codec.wrong("of kind %d with flag %d, expected 0".formatted(kind, flag));
        }
        if (kind == BUDGET && number < 0) {
            throw Codec.wrong("with a budget of %d bytes, expected 0 or more".formatted(number));
        }
        String label = Codec.label(in, length);
        Instant time = Instant.ofEpochMilli(number);
        return switch (kind) {
            case KEEP -> new Keep(label, flag == 1, time, Instant.ofEpochMilli(in.getLong()));
            case DISCARD -> new Discard(label);
            case PIN -> new Pin(label, flag == 1);
            case EXPIRE -> new Expire(label, time);
            case USED -> new Used(label, time);
            case BUDGET -> new Budget(number);
            default ->
                throw Codec.wrong("of kind %d, expected 1 to 6: a newer jsgx may have written it".formatted(kind));
        };
    }

    /** How records lie in bytes. */
    final class Codec {

        private static final int HEAD = 1 + 1 + Short.BYTES + Long.BYTES;
        private static final int BODY = 2 * Long.BYTES
                + TokenIdentity.SIZE
                + TokenOrigin.PLATFORM_SIZE
                + TokenOrigin.HASH_SIZE
                + EinitToken.SIZE;

        private static final int ASCII = 0x80;

        private Codec() {}

        /** Whether a label has as many bytes as characters, as most have. */
        private static boolean isAscii(String label) {
            for (int i = 0; i < label.length(); i++) {
                if (label.charAt(i) >= ASCII) {
                    return false;
                }
            }
            return true;
        }

        private static ByteBuffer head(byte kind, boolean flag, long number, String label, int more) {
            byte[] text = label.getBytes(StandardCharsets.UTF_8);
            return ByteBuffer.allocate(HEAD + text.length + more)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(kind)
                    .put((byte) (flag ? 1 : 0))
                    .putShort((short) text.length)
                    .putLong(number)
                    .put(text);
        }

        private static String label(ByteBuffer in, int length) throws LaunchException {
            ByteBuffer text = in.slice(in.position(), length);
            in.position(in.position() + length);
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
            } catch (CharacterCodingException e) {
                throw new LaunchException("a record with a label that is not UTF-8", e);
            }
        }

        private static byte[] bytes(ByteBuffer in, int length) {
            byte[] bytes = new byte[length];
            in.get(bytes);
            return bytes;
        }

        private static LaunchException wrong(String what) {
            return new LaunchException("a record " + what);
        }
    }
}
