package jsgx.launch.store;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.Layouts;
import jsgx.launch.LaunchException;
import jsgx.launch.token.TokenIdentity;

/**
 * A token that a user keeps, with what is known of it. Times are in milliseconds; what is finer is cut off.
 *
 * @param label what its application finds it by
 * @param identity the enclave it was issued for
 * @param origin where it was made
 * @param token the EINITTOKEN, 304 bytes
 * @param issuedAt when it was issued, or imported
 * @param expiresAt when its user wants another one; {@link #NEVER} for no such time
 * @param pinned whether no budget evicts it
 * @param lastUsed when it was given to a launch; to the minute once the store was closed
 */
public record StoredToken(
        String label,
        TokenIdentity identity,
        TokenOrigin origin,
        byte[] token,
        Instant issuedAt,
        Instant expiresAt,
        boolean pinned,
        Instant lastUsed) {

    /** The end of a token that does not expire: the processor knows of none. */
    public static final Instant NEVER = Instant.ofEpochMilli(Long.MAX_VALUE);

    /**
     * What a token takes in the memory of a process that has its store open, beside its record in the file: the index and the copy that a get leaves, in
     * bytes of a 64-bit JVM with compressed references, with a label of 64 characters, as an enclave that nobody labelled has. One that was just kept takes a little less than one that was
     * read from the file.
     */
    public static final long MEMORY_BYTES = 1096;

    public StoredToken {
        if (token.length != EinitToken.SIZE) {
            throw new IllegalArgumentException("an EINITTOKEN has 304 bytes, not " + token.length);
        }
        token = token.clone();
    }

    /** The EINITTOKEN, 304 bytes. */
    @Override
    public byte[] token() {
        return token.clone();
    }

    /** ISVSVN of the launch enclave that made it: what a policy that raises it goes by, as EINIT knows no minimum. */
    public int leSvn() {
        return EinitToken.of(token).isvSvnLe();
    }

    /** Whether its user wants another one by now. */
    public boolean isExpired(Instant now) {
        return !now.isBefore(expiresAt);
    }

    /** The record that the store's file has of it. */
    public byte[] record() {
        return StoreRecord.encode(this);
    }

    /**
     * The token in a record that anybody may have written.
     *
     * @throws LaunchException with what is wrong with it
     */
    public static StoredToken ofRecord(byte[] record) throws LaunchException {
        return StoreRecord.token(record);
    }

    /** The bytes of its record in the store's file, by which a budget counts it. */
    public int size() {
        return size(label);
    }

    /** The bytes of the record of any token with this label. */
    public static int size(String label) {
        return StoreRecord.size(label);
    }

    /** The identity that a token itself names. */
    public static TokenIdentity identityOf(EinitToken token) {
        Attributes attributes = token.attributes();
        return TokenIdentity.of(
                token.mrEnclave().toArray(Layouts.U8), token.mrSigner().toArray(Layouts.U8), attributes);
    }

    /** The end of a life that begins now; a life past the end of the calendar never ends. */
    public static Instant end(Instant now, Duration life) {
        return life.compareTo(Duration.between(now, NEVER)) < 0 ? now.plus(life) : NEVER;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof StoredToken other
                && label.equals(other.label)
                && identity.equals(other.identity)
                && origin.equals(other.origin)
                && Arrays.equals(token, other.token)
                && issuedAt.equals(other.issuedAt)
                && expiresAt.equals(other.expiresAt)
                && pinned == other.pinned
                && lastUsed.equals(other.lastUsed);
    }

    @Override
    public int hashCode() {
        return label.hashCode() * 31 + identity.hashCode();
    }
}
