package jsgx.image;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAKeyGenParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Set;
import jsgx.arch.crypto.Rsa3072;

/** An RSA-3072 key with exponent 3, the one kind that signs enclaves. */
public final class SigningKey {

    /** Bits of the modulus. */
    public static final int BITS = 3072;

    private static final int MAX_PEM = 1 << 16;

    private final RSAPrivateCrtKey key;

    /** A key that {@link PemKey} has checked, or that was made here. */
    SigningKey(RSAPrivateCrtKey key) {
        this.key = key;
    }

    /** A new key. */
    public static SigningKey generate(SecureRandom random) {
        BigInteger p = RsaPrimes.prime(BITS / 2, random);
        BigInteger q = RsaPrimes.prime(BITS / 2, random);
        BigInteger e = RSAKeyGenParameterSpec.F0;
        BigInteger pLess1 = p.subtract(BigInteger.ONE);
        BigInteger qLess1 = q.subtract(BigInteger.ONE);
        BigInteger d = e.modInverse(pLess1.multiply(qLess1));
        try {
            return new SigningKey((RSAPrivateCrtKey) KeyFactory.getInstance("RSA")
                    .generatePrivate(new RSAPrivateCrtKeySpec(
                            p.multiply(q), e, d, p, q, d.mod(pLess1), d.mod(qLess1), q.modInverse(p))));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("the JDK takes RSA-3072 keys with exponent 3", impossible);
        }
    }

    /** The key in a PEM file, PKCS #1 or PKCS #8, not encrypted. */
    public static SigningKey read(Path pem) throws IOException, ImageException {
        try {
            if (Files.isDirectory(pem)) {
                throw ImageException.of("the key", "a PEM file", "a folder");
            }
            byte[] bytes;
            try (var in = Files.newInputStream(pem)) {
                bytes = in.readNBytes(MAX_PEM + 1);
            }
            if (bytes.length > MAX_PEM) {
                throw ImageException.of("the key", "a PEM file of at most 64 KiB", "more");
            }
            return parse(new String(bytes, StandardCharsets.ISO_8859_1));
        } catch (ImageException e) {
            throw e.in(pem.toString());
        }
    }

    /** The key in a PEM text. */
    public static SigningKey parse(String pem) throws ImageException {
        return PemKey.parse(pem);
    }

    /** The key as PKCS #8 PEM text. */
    public String toPem() {
        Base64.Encoder lines = Base64.getMimeEncoder(64, new byte[] {'\n'});
        return "-----BEGIN PRIVATE KEY-----\n" + lines.encodeToString(key.getEncoded())
                + "\n-----END PRIVATE KEY-----\n";
    }

    /**
     * Writes a new PEM file that only its owner can read.
     *
     * @throws java.nio.file.FileAlreadyExistsException if there is one already
     */
    public void write(Path pem) throws IOException {
        Path folder = pem.toAbsolutePath().getParent();
        Path written = Files.createTempFile(
                folder == null ? pem.toAbsolutePath() : folder,
                ".jsgx-key",
                ".tmp",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel channel = FileChannel.open(written, Set.of(StandardOpenOption.WRITE))) {
                ByteBuffer text = ByteBuffer.wrap(toPem().getBytes(StandardCharsets.US_ASCII));
                while (text.hasRemaining()) {
                    channel.write(text);
                }
                channel.force(true);
            }
            // A link, unlike a rename, does not replace a key that is there.
            Files.createLink(pem, written);
        } finally {
            Files.deleteIfExists(written);
        }
    }

    /** The modulus N. */
    public BigInteger modulus() {
        return key.getModulus();
    }

    /** MRSIGNER of what the key signs, in lower-case hex. */
    public String mrSigner() {
        try {
            byte[] modulus = Rsa3072.littleEndian(modulus());
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(modulus));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The signature of a message by PKCS #1 v1.5 with SHA-256, which is the same each time. */
    BigInteger sign(byte[] message) throws ImageException {
        try {
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign(key);
            signature.update(message);
            return new BigInteger(1, signature.sign());
        } catch (GeneralSecurityException e) {
            throw ImageException.of("the key", "one that signs", "one that does not: " + e.getMessage());
        }
    }

    /** The modulus in hex, nothing of the secret. */
    @Override
    public String toString() {
        return "SigningKey " + mrSigner();
    }
}
