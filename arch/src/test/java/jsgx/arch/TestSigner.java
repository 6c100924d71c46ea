package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/** An author of enclaves: an RSA key with exponent 3, made once for each JVM, and signatures by the JDK's provider. */
public final class TestSigner {

    /** The author of all enclaves that no test signs otherwise. */
    public static final TestSigner AUTHOR = new TestSigner(3072, 1);

    /** Another author. */
    public static final TestSigner OTHER = new TestSigner(3072, 2);

    private static final int SIZE = 384;

    private final Map<ByteBuffer, BigInteger> signatures = new ConcurrentHashMap<>();
    private final KeyPair keys;
    private final BigInteger modulus;

    /**
     * An author with a key of so many bits, at most 3072.
     *
     * @param seed the same key for the same seed
     */
    public TestSigner(int bits, int seed) {
        try {
            SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
            random.setSeed(seed);
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(new RSAKeyGenParameterSpec(bits, RSAKeyGenParameterSpec.F0), random);
            keys = generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        modulus = ((RSAPublicKey) keys.getPublic()).getModulus();
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
            rsa.initSign(keys.getPrivate());
            rsa.update(message.duplicate());
            return new BigInteger(1, rsa.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
