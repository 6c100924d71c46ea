package jsgx.launch.cache;

import java.nio.ByteBuffer;
import java.util.Random;
import jsgx.driver.Workload;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;

/** Keys and tokens by number. */
final class TestTokens {

    static final Workload A = new Workload("a");
    static final Workload B = new Workload("b");
    static final Workload C = new Workload("c");

    private static final byte[] LE = new byte[32];
    private static final int SIGNER = 32;
    private static final int TOKEN = 304;

    private TestTokens() {}

    /** The key of enclave n, of signer n modulo 4, in generation 0. */
    static TokenKey key(int n) {
        return key(n, 0);
    }

    static TokenKey key(int n, long generation) {
        byte[] identity = new byte[TokenIdentity.SIZE];
        // Measurements differ in all their bytes, and so do their hashes.
        new Random(n).nextBytes(identity);
        ByteBuffer.wrap(identity).putInt(0, n).put(SIGNER, new byte[SIGNER]).putInt(SIGNER, n % 4);
        return new TokenKey(TokenIdentity.of(identity), LE, generation);
    }

    static byte[] mrEnclave(int n) {
        return key(n).identity().mrEnclave();
    }

    static byte[] mrSigner(int n) {
        return key(n).identity().mrSigner();
    }

    /** A token that says this number. */
    static byte[] token(int n) {
        return ByteBuffer.allocate(TOKEN).putInt(0, n).array();
    }

    /** The number that a token says. */
    static int number(byte[] token) {
        return ByteBuffer.wrap(token).getInt(0);
    }

    static int number(Lookup lookup) {
        return number(lookup.token());
    }
}
