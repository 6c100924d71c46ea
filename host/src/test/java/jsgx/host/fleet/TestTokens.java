package jsgx.host.fleet;

import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.util.Arrays;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.token.TokenIdentity;

/** Tokens of no launch enclave, as good as any to a store. */
final class TestTokens {

    private static final Instant START = Instant.parse("2017-12-19T12:00:00Z");

    private TestTokens() {}

    static TokenIdentity identity(int seed) {
        byte[] hashes = new byte[64];
        new Random(seed).nextBytes(hashes);
        return TokenIdentity.of(
                Arrays.copyOf(hashes, 32), Arrays.copyOfRange(hashes, 32, 64), new Attributes(Attributes.MODE64BIT, 3));
    }

    static byte[] bytes(TokenIdentity identity) {
        return bytes(identity, 0);
    }

    /** A token whose MAC is this platform's. */
    static byte[] bytes(TokenIdentity identity, int platform) {
        EinitToken token = EinitToken.allocate();
        token.valid(1);
        token.attributes(identity.attributes());
        token.mrEnclave(identity.mrEnclave());
        token.mrSigner(identity.mrSigner());
        byte[] mac = new byte[16];
        Arrays.fill(mac, (byte) platform);
        token.mac(mac);
        return token.memory().toArray(ValueLayout.JAVA_BYTE);
    }

    static StoredToken token(String label, TokenOrigin origin, int seed) {
        TokenIdentity identity = identity(seed);
        return new StoredToken(label, identity, origin, bytes(identity), START, StoredToken.NEVER, false, START);
    }
}
