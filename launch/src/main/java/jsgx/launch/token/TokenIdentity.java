package jsgx.launch.token;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.struct.Attributes;

/**
 * What an EINITTOKEN is for: the 80 bytes MRENCLAVE, MRSIGNER, ATTRIBUTES and XFRM, as the v5 driver's pipe carries them. A token fits any
 * number of enclaves with the same identity, wherever they lie.
 */
public final class TokenIdentity {

    /** Bytes of an identity. */
    public static final int SIZE = 80;

    private static final int HASH = 32;
    private static final int MRSIGNER = 32;
    private static final int ATTRIBUTES = 64;

    private final byte[] bytes;
    private final int hash;

    private TokenIdentity(byte[] bytes) {
        this.bytes = bytes;
        this.hash = Arrays.hashCode(bytes);
    }

    /** The identity of an enclave; both hashes have 32 bytes. */
    public static TokenIdentity of(byte[] mrEnclave, byte[] mrSigner, Attributes attributes) {
        if (mrEnclave.length != HASH || mrSigner.length != HASH) {
            throw new IllegalArgumentException("MRENCLAVE and MRSIGNER have 32 bytes each, not %d and %d"
                    .formatted(mrEnclave.length, mrSigner.length));
        }
        byte[] bytes = new byte[SIZE];
        System.arraycopy(mrEnclave, 0, bytes, 0, HASH);
        System.arraycopy(mrSigner, 0, bytes, MRSIGNER, HASH);
        attributes.writeTo(MemorySegment.ofArray(bytes), ATTRIBUTES);
        return new TokenIdentity(bytes);
    }

    /** The identity in these 80 bytes. */
    public static TokenIdentity of(byte[] bytes) {
        if (bytes.length != SIZE) {
            throw new IllegalArgumentException("an identity has 80 bytes, not " + bytes.length);
        }
        return new TokenIdentity(bytes.clone());
    }

    public byte[] mrEnclave() {
        return Arrays.copyOf(bytes, HASH);
    }

    public byte[] mrSigner() {
        return Arrays.copyOfRange(bytes, MRSIGNER, MRSIGNER + HASH);
    }

    /** SECS.ATTRIBUTES before EINIT. */
    public Attributes attributes() {
        return Attributes.at(MemorySegment.ofArray(bytes), ATTRIBUTES);
    }

    /** All 80 bytes. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Whether this is the identity of an enclave with this MRENCLAVE. */
    public boolean isEnclave(byte[] mrEnclave) {
        return Arrays.equals(bytes, 0, HASH, mrEnclave, 0, mrEnclave.length);
    }

    /** Whether this is the identity of an enclave of this MRSIGNER. */
    public boolean isSignedBy(byte[] mrSigner) {
        return Arrays.equals(bytes, MRSIGNER, MRSIGNER + HASH, mrSigner, 0, mrSigner.length);
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof TokenIdentity other && hash == other.hash && Arrays.equals(bytes, other.bytes);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        return "MRENCLAVE %s, MRSIGNER %s, %s"
                .formatted(hex.formatHex(bytes, 0, HASH), hex.formatHex(bytes, MRSIGNER, ATTRIBUTES), attributes());
    }
}
