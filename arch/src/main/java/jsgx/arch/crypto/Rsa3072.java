package jsgx.arch.crypto;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/**
 * The signature of a SIGSTRUCT: RSA with 3072 bits and the exponent 3 over SHA-256, padded by PKCS #1 v1.5. The processor
 * cubes the signature without dividing: with the quotients Q1 and Q2 that the signer supplies, each reduction is a product
 * and a subtraction, and the quotient was right exactly when what remains is in range.
 */
public final class Rsa3072 {

    /** Bytes of a modulus, a signature and each quotient, all little-endian. */
    public static final int SIZE = 384;

    private static final int HASH_SIZE = 32;

    private Rsa3072() {}

    /**
     * Whether the processor accepts the signature: S is below N, Q1 and Q2 are the quotients of S&sup3;, and what remains
     * is the encoded message that belongs to {@link Sigstruct#signedBytes}, its padding compared and not parsed. EXPONENT
     * is not looked at.
     */
    public static boolean verify(Sigstruct sigstruct) {
        BigInteger n = integer(sigstruct.modulus());
        BigInteger s = integer(sigstruct.signature());
        if (s.compareTo(n) >= 0) {
            return false;
        }
        BigInteger square = s.multiply(s).subtract(integer(sigstruct.q1()).multiply(n));
        if (!isReduced(square, n)) {
            return false;
        }
        BigInteger cube = square.multiply(s).subtract(integer(sigstruct.q2()).multiply(n));
        return isReduced(cube, n) && isEncodedMessage(cube, sigstruct);
    }

    /** Whether S&sup3; mod N is the encoded message, whatever Q1 and Q2 are. */
    public static boolean signatureIsValid(Sigstruct sigstruct) {
        BigInteger n = integer(sigstruct.modulus());
        BigInteger s = integer(sigstruct.signature());
        return s.compareTo(n) < 0
                && isEncodedMessage(s.multiply(s).mod(n).multiply(s).mod(n), sigstruct);
    }

    /** Whether Q1 is the quotient of S&sup2; and N; false where S is not below N. */
    public static boolean q1IsValid(Sigstruct sigstruct) {
        return isBelow(sigstruct)
                && Arrays.equals(bytes(sigstruct.q1()), q1(sigstruct.signature(), sigstruct.modulus()));
    }

    /** Whether Q2 is the quotient of S&middot;(S&sup2; mod N) and N; false where S is not below N. */
    public static boolean q2IsValid(Sigstruct sigstruct) {
        return isBelow(sigstruct)
                && Arrays.equals(bytes(sigstruct.q2()), q2(sigstruct.signature(), sigstruct.modulus()));
    }

    /**
     * Q1 = floor(S&sup2; / N), as a SIGSTRUCT stores it.
     *
     * @param signature S, 384 bytes
     * @param modulus N, 384 bytes
     * @throws IllegalArgumentException where S is not below N
     */
    public static byte[] q1(MemorySegment signature, MemorySegment modulus) {
        BigInteger n = integer(modulus);
        BigInteger s = checkedSignature(signature, n);
        return littleEndian(s.multiply(s).divide(n));
    }

    /**
     * Q2 = floor((S&sup3; - Q1&middot;S&middot;N) / N), which is floor(S&middot;(S&sup2; mod N) / N), as a SIGSTRUCT stores
     * it.
     *
     * @param signature S, 384 bytes
     * @param modulus N, 384 bytes
     * @throws IllegalArgumentException where S is not below N
     */
    public static byte[] q2(MemorySegment signature, MemorySegment modulus) {
        BigInteger n = integer(modulus);
        BigInteger s = checkedSignature(signature, n);
        return littleEndian(s.multiply(s).mod(n).multiply(s).divide(n));
    }

    /** A number as a SIGSTRUCT stores it, of 384 little-endian bytes. */
    public static BigInteger integer(MemorySegment littleEndian) {
        return new BigInteger(1, reversed(bytes(littleEndian)));
    }

    /**
     * The 384 little-endian bytes of a number.
     *
     * @throws IllegalArgumentException where the number is negative or has more than 3072 bits
     */
    public static byte[] littleEndian(BigInteger number) {
        if (number.signum() < 0 || number.bitLength() > SIZE * Byte.SIZE) {
            throw new IllegalArgumentException("a number of %d bits does not fit in %d bytes"
                    .formatted(number.signum() < 0 ? -1 : number.bitLength(), SIZE));
        }
        return reversed(bigEndian(number));
    }

    private static boolean isBelow(Sigstruct sigstruct) {
        return integer(sigstruct.signature()).compareTo(integer(sigstruct.modulus())) < 0;
    }

    private static boolean isReduced(BigInteger remainder, BigInteger modulus) {
        return remainder.signum() >= 0 && remainder.compareTo(modulus) < 0;
    }

    private static boolean isEncodedMessage(BigInteger number, Sigstruct sigstruct) {
        byte[] expected = Arrays.copyOf(KeyDependencies.hardcodedPkcs15Padding(), SIZE);
        System.arraycopy(sha256(sigstruct.signedBytes()), 0, expected, SIZE - HASH_SIZE, HASH_SIZE);
        return MessageDigest.isEqual(bigEndian(number), expected);
    }

    private static BigInteger checkedSignature(MemorySegment signature, BigInteger modulus) {
        BigInteger s = integer(signature);
        if (s.compareTo(modulus) >= 0) {
            throw new IllegalArgumentException("the signature is not below the modulus, so it has no quotients");
        }
        return s;
    }

    private static byte[] bigEndian(BigInteger number) {
        byte[] bytes = number.toByteArray();
        byte[] fixed = new byte[SIZE];
        int length = Math.min(bytes.length, SIZE);
        System.arraycopy(bytes, bytes.length - length, fixed, SIZE - length, length);
        return fixed;
    }

    private static byte[] bytes(MemorySegment field) {
        if (field.byteSize() != SIZE) {
            throw new IllegalArgumentException("a number has %d bytes, not %d".formatted(SIZE, field.byteSize()));
        }
        return field.toArray(Layouts.U8);
    }

    private static byte[] reversed(byte[] bytes) {
        for (int low = 0, high = bytes.length - 1; low < high; low++, high--) {
            byte b = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = b;
        }
        return bytes;
    }

    private static byte[] sha256(byte[] message) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(message);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
