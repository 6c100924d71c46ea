package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/** An author of enclaves: an RSA key with exponent 3, always the same, and signatures by the JDK's provider. */
public final class TestSigner {

    /** The author of all enclaves that no test signs otherwise. */
    public static final TestSigner AUTHOR = new TestSigner(prime(1536, 1, 274), prime(1536, 2, 170));

    /** Another author. */
    public static final TestSigner OTHER = new TestSigner(prime(1536, 3, 169), prime(1536, 4, 71));

    /** One whose modulus is so small that S + N has 3072 bits too. */
    public static final TestSigner SMALL = new TestSigner(prime(1535, 5, 244), prime(1535, 6, 917));

    private static final int SIZE = 384;

    private final Map<ByteBuffer, BigInteger> signatures = new ConcurrentHashMap<>();
    private final PrivateKey key;
    private final BigInteger modulus;

    private TestSigner(BigInteger p, BigInteger q) {
        BigInteger pLess1 = p.subtract(BigInteger.ONE);
        BigInteger qLess1 = q.subtract(BigInteger.ONE);
        BigInteger e = RSAKeyGenParameterSpec.F0;
        BigInteger d = e.modInverse(pLess1.multiply(qLess1));
        modulus = p.multiply(q);
        try {
            key = KeyFactory.getInstance("RSA")
                    .generatePrivate(new RSAPrivateCrtKeySpec(
                            modulus, e, d, p, q, d.mod(pLess1), d.mod(qLess1), q.modInverse(p)));
        } catch (GeneralSecurityException x) {
            throw new IllegalStateException(x);
        }
    }

    /** A prime that was found once: looking for one takes seconds on a slow day. */
    private static BigInteger prime(int bits, long seed, int steps) {
        BigInteger six = BigInteger.valueOf(6);
        BigInteger start =
                new BigInteger(bits, new Random(seed)).setBit(bits - 1).setBit(bits - 2);
        // 5 modulo 6: odd, and 3 does not divide its predecessor.
        return start.subtract(start.mod(six)).add(BigInteger.valueOf(5 + 6L * steps));
    }

    /** Writes the fixed fields, modulus, signature, Q1 and Q2; the body stays as it is. */
    public void sign(Sigstruct sigstruct) {
        sigstruct.writeFixedFields();
        signAsIs(sigstruct);
    }

    /** As {@link #sign}, but HEADER, HEADER2 and EXPONENT stay as they are. */
    public void signAsIs(Sigstruct sigstruct) {
        // Tests sign the same body again and again; a signature of PKCS #1 v1.5 is always the same.
        BigInteger s = signatures.computeIfAbsent(ByteBuffer.wrap(sigstruct.signedBytes()), this::signature);
        BigInteger square = s.multiply(s);
        BigInteger q1 = square.divide(modulus);
        BigInteger q2 = s.pow(3).subtract(q1.multiply(s).multiply(modulus)).divide(modulus);
        sigstruct.modulus(littleEndian(modulus));
        sigstruct.signature(littleEndian(s));
        sigstruct.q1(littleEndian(q1));
        sigstruct.q2(littleEndian(q2));
    }

    /** SHA-256 of the modulus as a SIGSTRUCT stores it. */
    public byte[] mrSigner() {
        return sha256(littleEndian(modulus));
    }

    public BigInteger modulus() {
        return modulus;
    }

    /** The 384 bytes of a number, in the byte order of a SIGSTRUCT. */
    public static byte[] littleEndian(BigInteger number) {
        byte[] bigEndian = number.toByteArray();
        byte[] bytes = new byte[SIZE];
        for (int i = 0; i < Math.min(SIZE, bigEndian.length); i++) {
            bytes[i] = bigEndian[bigEndian.length - 1 - i];
        }
        return bytes;
    }

    public static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The bytes of a field. */
    public static byte[] bytes(MemorySegment field) {
        return field.toArray(Layouts.U8);
    }

    private BigInteger signature(ByteBuffer message) {
        try {
            Signature rsa = Signature.getInstance("SHA256withRSA");
            rsa.initSign(key);
            rsa.update(message.duplicate());
            return new BigInteger(1, rsa.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
