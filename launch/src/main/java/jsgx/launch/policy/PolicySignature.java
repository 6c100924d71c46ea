package jsgx.launch.policy;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import jsgx.launch.yaml.YamlError;

/**
 * The signature of a policy: its last line, {@code # signature: ed25519 …}, over all bytes before that line. It lies in the file that it
 * signs, so that one rename puts both in force.
 */
public final class PolicySignature {

    private static final String ALGORITHM = "Ed25519";
    private static final byte[] MARK = "# signature: ed25519 ".getBytes(StandardCharsets.US_ASCII);
    private static final int SIZE = 64;

    private PolicySignature() {}

    /** A policy with its signature; an earlier one is replaced. */
    public static byte[] sign(byte[] policy, PrivateKey key) {
        byte[] unsigned = unsigned(policy);
        int length = unsigned.length;
        byte[] body = length > 0 && unsigned[length - 1] != '\n' ? Arrays.copyOf(unsigned, length + 1) : unsigned;
        if (body.length > length) {
            body[length] = '\n';
        }
        try {
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initSign(key);
            signature.update(body);
            String line = Base64.getEncoder().encodeToString(signature.sign()) + "\n";
            byte[] signed = Arrays.copyOf(body, body.length + MARK.length + line.length());
            System.arraycopy(MARK, 0, signed, body.length, MARK.length);
            System.arraycopy(
                    line.getBytes(StandardCharsets.US_ASCII), 0, signed, body.length + MARK.length, line.length());
            return signed;
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("the key cannot sign with Ed25519", e);
        }
    }

    /** Whether a policy ends with a signature, whosever. */
    public static boolean isSigned(byte[] policy) {
        int start = lastLine(policy);
        return start + MARK.length <= policy.length
                && Arrays.equals(policy, start, start + MARK.length, MARK, 0, MARK.length);
    }

    /**
     * Checks a policy's signature.
     *
     * @param name the file's name, for the message
     * @throws PolicyException where there is none, or not this key's
     */
    public static void verify(String name, byte[] policy, PublicKey key) throws PolicyException {
        if (!isSigned(policy)) {
            throw new PolicyException(YamlError.of(
                    name, "it is not signed, and a key is pinned here: sign it with  jsgx policy sign  and that key"));
        }
        int start = lastLine(policy);
        String text =
                new String(policy, start + MARK.length, policy.length - start - MARK.length, StandardCharsets.US_ASCII);
        boolean valid;
        try {
            byte[] bytes =
                    Base64.getDecoder().decode(text.endsWith("\n") ? text.substring(0, text.length() - 1) : text);
            Signature signature = Signature.getInstance(ALGORITHM);
            signature.initVerify(key);
            signature.update(policy, 0, start);
            // One spelling only: the decoder passes over bits that stand for nothing.
            boolean canonical = text.startsWith(Base64.getEncoder().encodeToString(bytes));
            valid = canonical && bytes.length == SIZE && signature.verify(bytes);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            valid = false;
        }
        if (!valid) {
            throw new PolicyException(
                    YamlError.of(
                            name,
                            "its signature is not the pinned key's: it was changed after it was signed, or signed with another key"));
        }
    }

    /** The Ed25519 key in a PEM text, PKCS #8, not encrypted. */
    public static PrivateKey privateKey(String name, String pem) throws PolicyException {
        try {
            return KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(body(pem, "PRIVATE KEY")));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new PolicyException(YamlError.of(
                    name,
                    "no Ed25519 key in PKCS #8 PEM, not encrypted: make one with"
                            + "  openssl genpkey -algorithm ed25519 -out policy.key"));
        }
    }

    /** The Ed25519 public key in a PEM text. */
    public static PublicKey publicKey(String name, String pem) throws PolicyException {
        try {
            return KeyFactory.getInstance(ALGORITHM).generatePublic(new X509EncodedKeySpec(body(pem, "PUBLIC KEY")));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new PolicyException(YamlError.of(
                    name,
                    "no Ed25519 public key in PEM: make one with"
                            + "  openssl pkey -in policy.key -pubout -out policy.pub"));
        }
    }

    private static byte[] body(String pem, String label) {
        String begin = "-----BEGIN " + label + "-----";
        int from = pem.indexOf(begin);
        int to = pem.indexOf("-----END " + label + "-----");
        if (from < 0 || to < from) {
            throw new IllegalArgumentException("no " + label);
        }
        return Base64.getMimeDecoder().decode(pem.substring(from + begin.length(), to));
    }

    private static byte[] unsigned(byte[] policy) {
        return isSigned(policy) ? Arrays.copyOf(policy, lastLine(policy)) : policy;
    }

    /** Where the last line that is not empty begins. */
    private static int lastLine(byte[] policy) {
        int end = policy.length;
        if (end > 0 && policy[end - 1] == '\n') {
            end--;
        }
        while (end > 0 && policy[end - 1] != '\n') {
            end--;
        }
        return end;
    }
}
