package jsgx.image;

import java.math.BigInteger;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Reads an enclave signer's key from PEM, and says of every other kind of key file what it is. */
final class PemKey {

    private static final String EXPECTED =
            "an RSA-3072 private key with exponent 3 in PEM, PKCS #1 or PKCS #8, not encrypted";
    private static final String PKCS1 = "RSA PRIVATE KEY";
    private static final String PKCS8 = "PRIVATE KEY";
    private static final String BEGIN = "-----BEGIN ";
    private static final String DASHES = "-----";
    private static final List<String> OTHER_ALGORITHMS = List.of("RSASSA-PSS", "EC", "EdDSA", "XDH", "DSA", "DH");

    /** Version 0 and the algorithm rsaEncryption: what PKCS #8 puts before a PKCS #1 key. */
    private static final byte[] RSA_PREFIX = HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;

    private PemKey() {}

    static SigningKey parse(String pem) throws ImageException {
        String label = label(pem);
        String body = body(pem, label);
        if (body.contains("ENCRYPTED")) {
            throw wrong("an encrypted key; decrypt it with: openssl rsa -in KEY -out PLAIN");
        }
        byte[] der = decode(body);
        return new SigningKey(checked(rsa(label.equals(PKCS1) ? wrapped(der) : der)));
    }

    /** The label of the first block that has a private key, of those two kinds that can be read. */
    private static String label(String pem) throws ImageException {
        for (String label : List.of(PKCS8, PKCS1)) {
            if (pem.contains(BEGIN + label + DASHES)) {
                return label;
            }
        }
        int begin = pem.indexOf(BEGIN);
        if (begin < 0) {
            boolean der = pem.startsWith("0\u0082");
            throw wrong(
                    der ? "binary data, perhaps DER; make PEM of it with: openssl rsa -inform DER" : "no PEM block");
        }
        int from = begin + BEGIN.length();
        int to = pem.indexOf(DASHES, from);
        String label = to < 0 || to - from > 40 ? "unfinished block" : pem.substring(from, to);
        boolean encrypted = label.equals("ENCRYPTED " + PKCS8);
        throw wrong("a PEM block \"" + printable(label) + "\""
                + (encrypted ? "; decrypt it with: openssl pkey -in KEY -out PLAIN" : ""));
    }

    private static String body(String pem, String label) throws ImageException {
        int from = pem.indexOf(BEGIN + label + DASHES) + BEGIN.length() + label.length() + DASHES.length();
        int to = pem.indexOf("-----END " + label + DASHES, from);
        if (to < 0) {
            throw wrong("a PEM block that does not end");
        }
        return pem.substring(from, to);
    }

    private static byte[] decode(String body) throws ImageException {
        try {
            return Base64.getDecoder().decode(body.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw wrong("a PEM block that is not base64");
        }
    }

    private static PrivateKey rsa(byte[] pkcs8) throws ImageException {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(pkcs8);
        Optional<PrivateKey> key = key("RSA", spec);
        if (key.isPresent()) {
            return key.get();
        }
        for (String algorithm : OTHER_ALGORITHMS) {
            if (key(algorithm, spec).isPresent()) {
                throw wrong("a key of another algorithm, " + algorithm);
            }
        }
        throw wrong("a PEM block that holds no key");
    }

    private static Optional<PrivateKey> key(String algorithm, PKCS8EncodedKeySpec spec) {
        try {
            return Optional.of(KeyFactory.getInstance(algorithm).generatePrivate(spec));
        } catch (InvalidKeySpecException e) {
            return Optional.empty();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("the JDK has " + algorithm, e);
        }
    }

    private static RSAPrivateCrtKey checked(PrivateKey key) throws ImageException {
        if (key instanceof RSAPrivateKey rsa && rsa.getModulus().bitLength() != SigningKey.BITS) {
            throw wrong("an RSA key of " + rsa.getModulus().bitLength() + " bits");
        }
        if (!(key instanceof RSAPrivateCrtKey crt)) {
            throw wrong("an RSA key without its primes");
        }
        if (!crt.getPublicExponent().equals(BigInteger.valueOf(3))) {
            throw wrong("an RSA key with exponent " + shown(crt.getPublicExponent())
                    + "; make one with: openssl genrsa -3 3072");
        }
        if (!isConsistent(crt)) {
            throw wrong("an RSA key whose numbers do not belong together");
        }
        return crt;
    }

    private static boolean isConsistent(RSAPrivateCrtKey key) {
        BigInteger one = BigInteger.ONE;
        BigInteger p = key.getPrimeP();
        BigInteger q = key.getPrimeQ();
        if (p.compareTo(one) <= 0 || q.compareTo(one) <= 0 || !p.multiply(q).equals(key.getModulus())) {
            return false;
        }
        BigInteger p1 = p.subtract(one);
        BigInteger q1 = q.subtract(one);
        BigInteger d = key.getPrivateExponent();
        BigInteger inverse = key.getPublicExponent().multiply(d).subtract(one);
        return inverse.mod(p1).signum() == 0
                && inverse.mod(q1).signum() == 0
                && d.mod(p1).equals(key.getPrimeExponentP())
                && d.mod(q1).equals(key.getPrimeExponentQ())
                && q.multiply(key.getCrtCoefficient()).mod(p).equals(one);
    }

    /** PKCS #1 in PKCS #8. */
    private static byte[] wrapped(byte[] pkcs1) {
        byte[] key = tagged(OCTET_STRING, pkcs1);
        byte[] content = new byte[RSA_PREFIX.length + key.length];
        System.arraycopy(RSA_PREFIX, 0, content, 0, RSA_PREFIX.length);
        System.arraycopy(key, 0, content, RSA_PREFIX.length, key.length);
        return tagged(SEQUENCE, content);
    }

    private static byte[] tagged(int tag, byte[] content) {
        byte[] size = BigInteger.valueOf(content.length).toByteArray();
        int skip = size[0] == 0 ? 1 : 0;
        int bytes = content.length < 0x80 ? 0 : size.length - skip;
        byte[] tagged = new byte[2 + bytes + content.length];
        tagged[0] = (byte) tag;
        tagged[1] = (byte) (bytes == 0 ? content.length : 0x80 | bytes);
        System.arraycopy(size, skip, tagged, 2, bytes);
        System.arraycopy(content, 0, tagged, 2 + bytes, content.length);
        return tagged;
    }

    private static String shown(BigInteger number) {
        return number.bitLength() > 64 ? "of " + number.bitLength() + " bits" : number.toString();
    }

    private static String printable(String text) {
        return text.replaceAll("[^ -~]", "?");
    }

    private static ImageException wrong(String found) {
        return ImageException.of("the key", EXPECTED, found);
    }
}
