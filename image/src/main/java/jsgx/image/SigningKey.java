package jsgx.image;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.SecureRandom;

/** An RSA-3072 key with exponent 3, the one kind that signs enclaves. */
public final class SigningKey {

    private final BigInteger modulus;

    private SigningKey(BigInteger modulus) {
        this.modulus = modulus;
    }

    /** A new key. */
    public static SigningKey generate(SecureRandom random) {
        return new SigningKey(new BigInteger(3072, random));
    }

    /** The key in a PEM file, PKCS #1 or PKCS #8, not encrypted. */
    public static SigningKey read(Path pem) throws IOException, ImageException {
        return Skeleton.absent();
    }

    /** The key in a PEM text. */
    public static SigningKey parse(String pem) throws ImageException {
        return Skeleton.absent();
    }

    /** The key as PKCS #8 PEM text. */
    public String toPem() {
        return Skeleton.absent();
    }

    /** Writes a new PEM file that only its owner can read; refuses to overwrite one. */
    public void write(Path pem) throws IOException {
        Skeleton.absent();
    }

    /** The modulus N. */
    public BigInteger modulus() {
        return modulus;
    }

    /** MRSIGNER of what the key signs, in lower-case hex. */
    public String mrSigner() {
        return Skeleton.absent();
    }
}
