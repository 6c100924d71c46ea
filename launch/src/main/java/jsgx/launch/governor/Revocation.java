package jsgx.launch.governor;

import java.util.HexFormat;
import java.util.Locale;
import jsgx.launch.token.TokenIdentity;

/** What no longer launches, whatever tokens exist for it. Hashes are 64 lower-case hex digits. */
public sealed interface Revocation {

    /** One build of an enclave. */
    record Enclave(String mrEnclave) implements Revocation {
        public Enclave {
            checkHash(mrEnclave);
        }

        @Override
        public boolean covers(String enclave, String signer, int product, int svn) {
            return mrEnclave.equals(enclave);
        }

        @Override
        public boolean mayCover(TokenIdentity identity) {
            return mrEnclave.equals(hex(identity.mrEnclave()));
        }

        @Override
        public String toString() {
            return "enclave " + mrEnclave;
        }
    }

    /** All that a key signed. */
    record Signer(String mrSigner) implements Revocation {
        public Signer {
            checkHash(mrSigner);
        }

        @Override
        public boolean covers(String enclave, String signer, int product, int svn) {
            return mrSigner.equals(signer);
        }

        @Override
        public boolean mayCover(TokenIdentity identity) {
            return mrSigner.equals(hex(identity.mrSigner()));
        }

        @Override
        public String toString() {
            return "signer " + mrSigner;
        }
    }

    /** A signer's product below a security version. */
    record Product(String mrSigner, int isvProdId, int belowSvn) implements Revocation {
        public Product {
            checkHash(mrSigner);
            check16(isvProdId, "product");
            check16(belowSvn - 1, "below-svn less 1");
        }

        @Override
        public boolean covers(String enclave, String signer, int product, int svn) {
            return product == isvProdId && svn < belowSvn && mrSigner.equals(signer);
        }

        @Override
        public boolean mayCover(TokenIdentity identity) {
            return mrSigner.equals(hex(identity.mrSigner()));
        }

        @Override
        public String toString() {
            return "signer %s product %d below-svn %d".formatted(mrSigner, isvProdId, belowSvn);
        }
    }

    /** The tokens of a launch enclave's signer. */
    record LaunchEnclave(String mrSigner) implements Revocation {
        public LaunchEnclave {
            checkHash(mrSigner);
        }

        @Override
        public boolean mayCover(TokenIdentity identity) {
            return true;
        }

        @Override
        public boolean coversToken(String leMrSigner, int leSvn) {
            return mrSigner.equals(leMrSigner);
        }

        @Override
        public String toString() {
            return "launch-enclave " + mrSigner;
        }
    }

    /**
     * The tokens of launch enclaves below a security version. EINIT derives the launch key for the version that the token names, so that
     * a newer launch enclave ends no older one's tokens.
     */
    record LaunchEnclaveSvn(int belowSvn) implements Revocation {
        public LaunchEnclaveSvn {
            check16(belowSvn - 1, "below-svn less 1");
        }

        @Override
        public boolean mayCover(TokenIdentity identity) {
            return true;
        }

        @Override
        public boolean coversToken(String leMrSigner, int leSvn) {
            return leSvn < belowSvn;
        }

        @Override
        public String toString() {
            return "launch-enclave below-svn " + belowSvn;
        }
    }

    /** Whether an enclave is revoked; hashes in lower-case hex. */
    default boolean covers(String enclave, String signer, int product, int svn) {
        return false;
    }

    /** Whether a token is revoked, whatever enclave it is for. */
    default boolean coversToken(String leMrSigner, int leSvn) {
        return false;
    }

    /** Whether a token of this identity may be one of a revoked enclave: an identity names neither product nor version. */
    boolean mayCover(TokenIdentity identity);

    /** The words that {@link #parse} reads. */
    @Override
    String toString();

    /** Reads what {@link #toString} wrote; {@link IllegalArgumentException} for anything else. */
    static Revocation parse(String text) {
        String[] words = text.split(" ", -1);
        return switch (words.length + " " + words[0]) {
            case "2 enclave" -> new Enclave(words[1]);
            case "2 signer" -> new Signer(words[1]);
            case "2 launch-enclave" -> new LaunchEnclave(words[1]);
            case "3 launch-enclave" -> new LaunchEnclaveSvn(number(words, 1, "below-svn"));
            case "6 signer" -> new Product(words[1], number(words, 2, "product"), number(words, 4, "below-svn"));
            default -> throw new IllegalArgumentException("\"" + text + "\" names nothing that can be revoked");
        };
    }

    private static int number(String[] words, int at, String name) {
        if (!words[at].equals(name) || !words[at + 1].matches("[0-9]{1,5}")) {
            throw new IllegalArgumentException(
                    "expected \"%s\" and a number, found \"%s %s\"".formatted(name, words[at], words[at + 1]));
        }
        return Integer.parseInt(words[at + 1]);
    }

    private static void checkHash(String hash) {
        if (!hash.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(
                    "expected 64 lower-case hexadecimal digits, found \"%s\"".formatted(hash.toLowerCase(Locale.ROOT)));
        }
    }

    private static void check16(int number, String name) {
        if (number < 0 || number > 0xffff) {
            throw new IllegalArgumentException("%s is %d: expected 0 to 65535".formatted(name, number));
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
