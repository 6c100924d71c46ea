package jsgx.launch.store;

import java.lang.foreign.ValueLayout;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Random;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.token.TokenIdentity;

/** Tokens for tests: of no launch enclave, and as good as any to a store. */
final class TestTokens {

    static final Instant START = Instant.parse("2017-12-19T12:00:00Z");
    static final TokenOrigin HERE = new TokenOrigin("11".repeat(16), "22".repeat(32));

    private TestTokens() {}

    /** A clock that a test sets. */
    static final class Clock implements InstantSource {
        Instant now = START;

        @Override
        public Instant instant() {
            return now;
        }
    }

    static TokenIdentity identity(int seed) {
        byte[] hashes = new byte[64];
        new Random(seed).nextBytes(hashes);
        return TokenIdentity.of(
                Arrays.copyOf(hashes, 32), Arrays.copyOfRange(hashes, 32, 64), new Attributes(Attributes.MODE64BIT, 3));
    }

    /** A token for an identity; the seed is in its MAC. */
    static byte[] token(TokenIdentity identity, long seed) {
        EinitToken token = EinitToken.allocate();
        token.valid(1);
        token.attributes(identity.attributes());
        token.mrEnclave(identity.mrEnclave());
        token.mrSigner(identity.mrSigner());
        byte[] mac = new byte[16];
        new Random(seed).nextBytes(mac);
        token.mac(mac);
        return token.memory().toArray(ValueLayout.JAVA_BYTE);
    }

    static StoredToken stored(String label, int seed) {
        TokenIdentity identity = identity(seed);
        return new StoredToken(label, identity, HERE, token(identity, seed), START, StoredToken.NEVER, false, START);
    }
}
