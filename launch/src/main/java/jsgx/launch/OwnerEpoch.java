package jsgx.launch;

import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * CR_SGXOWNEREPOCH: 16 bytes that firmware gives the package at each reset, so that an owner's keys end with the owner.
 * Every key but the provisioning keys depends on it.
 */
public record OwnerEpoch(byte[] bytes) {

    public static final int SIZE = 16;

    public OwnerEpoch {
        if (bytes.length != SIZE) {
            throw new IllegalArgumentException("an owner epoch has 16 bytes, not " + bytes.length);
        }
        bytes = bytes.clone();
    }

    /** A new owner's. */
    public static OwnerEpoch random(SecureRandom random) {
        byte[] bytes = new byte[SIZE];
        random.nextBytes(bytes);
        return new OwnerEpoch(bytes);
    }

    @Override
    public byte[] bytes() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof OwnerEpoch other && Arrays.equals(bytes, other.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Lower-case hex. */
    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
