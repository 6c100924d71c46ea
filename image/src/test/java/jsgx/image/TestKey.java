package jsgx.image;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;

/** One signing key for all tests: making it takes a second. */
final class TestKey {
    static final SigningKey KEY = SigningKey.generate(seeded(1));

    private TestKey() {}

    static SecureRandom seeded(long seed) {
        try {
            SecureRandom random = SecureRandom.getInstance("SHA1PRNG");
            random.setSeed(seed);
            return random;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
