package jsgx.image;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import jsgx.arch.crypto.Rsa3072;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Sigstruct;

/**
 * Whether a SIGSTRUCT is well-formed and signed by the key that it carries, finding by finding.
 *
 * @param findings one for each part, in the order in which EINIT looks
 */
public record SigstructCheck(List<Finding> findings) {

    /** What is looked at. */
    public enum Part {
        HEADER,
        VENDOR,
        HEADER2,
        EXPONENT,
        RESERVED,
        /** EINIT does not look at the modulus itself; but no RSA key has an even or a short one. */
        MODULUS,
        SIGNATURE,
        Q1,
        Q2
    }

    /** What one part should be and is. */
    public record Finding(Part part, boolean valid, String expected, String found) {}

    private static final String HEADER = "06000000e10000000000010000000000";
    private static final String HEADER2 = "01010000600000006000000001000000";
    private static final int MODULUS_BITS = 3072;

    /** Looks at every part; nothing in a SIGSTRUCT makes it throw. */
    public static SigstructCheck check(Sigstruct sigstruct) {
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding(Part.HEADER, sigstruct.headerIsValid(), HEADER, hex(sigstruct, 0, 16)));
        findings.add(new Finding(
                Part.VENDOR, sigstruct.vendorIsValid(), "0x0 or 0x8086", "0x%x".formatted(sigstruct.vendor())));
        findings.add(new Finding(Part.HEADER2, sigstruct.header2IsValid(), HEADER2, hex(sigstruct, 24, 16)));
        findings.add(new Finding(
                Part.EXPONENT, sigstruct.exponentIsValid(), "3", Integer.toUnsignedString(sigstruct.exponent())));
        boolean reserved = sigstruct.reservedIsZero();
        findings.add(new Finding(Part.RESERVED, reserved, "zeroes", reserved ? "zeroes" : "other bytes"));
        BigInteger modulus = Rsa3072.integer(sigstruct.modulus());
        BigInteger signature = Rsa3072.integer(sigstruct.signature());
        findings.add(modulus(modulus));
        findings.add(signature(sigstruct, modulus, signature));
        boolean below = signature.compareTo(modulus) < 0;
        findings.add(quotient(
                Part.Q1,
                below,
                below ? Rsa3072.q1(sigstruct.signature(), sigstruct.modulus()) : new byte[0],
                sigstruct.q1().toArray(Layouts.U8)));
        findings.add(quotient(
                Part.Q2,
                below,
                below ? Rsa3072.q2(sigstruct.signature(), sigstruct.modulus()) : new byte[0],
                sigstruct.q2().toArray(Layouts.U8)));
        return new SigstructCheck(List.copyOf(findings));
    }

    /** SHA-256 of the modulus in lower-case hex. */
    public static String mrSigner(Sigstruct sigstruct) {
        return HexFormat.of().formatHex(sha256(sigstruct.modulus().toArray(Layouts.U8)));
    }

    /** Whether every part is valid. */
    public boolean valid() {
        return findings.stream().allMatch(Finding::valid);
    }

    /** What was found of one part. */
    public Finding finding(Part part) {
        return findings.stream().filter(f -> f.part() == part).findFirst().orElseThrow();
    }

    private static Finding modulus(BigInteger modulus) {
        boolean valid = modulus.testBit(0) && modulus.bitLength() == MODULUS_BITS;
        String found = modulus.signum() == 0
                ? "0"
                : "an %s number of %d bits".formatted(modulus.testBit(0) ? "odd" : "even", modulus.bitLength());
        return new Finding(Part.MODULUS, valid, "an odd number of 3072 bits", found);
    }

    private static Finding signature(Sigstruct sigstruct, BigInteger modulus, BigInteger signature) {
        String expected = "the SHA-256 of the signed bytes, "
                + HexFormat.of().formatHex(sha256(sigstruct.signedBytes())) + ", with PKCS #1 v1.5 padding";
        if (signature.compareTo(modulus) >= 0) {
            return new Finding(Part.SIGNATURE, false, expected, "a signature that is not below the modulus");
        }
        boolean valid = Rsa3072.signatureIsValid(sigstruct);
        byte[] message = Rsa3072.littleEndian(signature.pow(3).mod(modulus));
        return new Finding(Part.SIGNATURE, valid, expected, valid ? "it" : "another number, 0x" + shortened(message));
    }

    private static Finding quotient(Part part, boolean below, byte[] expected, byte[] found) {
        return new Finding(
                part,
                below && Arrays.equals(expected, found),
                below ? "0x" + shortened(expected) : "a quotient of a signature below the modulus",
                "0x" + shortened(found));
    }

    /** The first 8 and the last 6 digits of a little-endian number. */
    private static String shortened(byte[] littleEndian) {
        byte[] reversed = new byte[littleEndian.length];
        for (int i = 0; i < reversed.length; i++) {
            reversed[i] = littleEndian[littleEndian.length - 1 - i];
        }
        String hex = HexFormat.of().formatHex(reversed);
        return hex.substring(0, 8) + "…" + hex.substring(hex.length() - 6);
    }

    private static String hex(Sigstruct sigstruct, long at, long length) {
        return HexFormat.of().formatHex(sigstruct.memory().asSlice(at, length).toArray(Layouts.U8));
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
