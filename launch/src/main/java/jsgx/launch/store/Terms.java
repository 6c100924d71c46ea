package jsgx.launch.store;

import java.time.Duration;

/**
 * On what terms a user gets a token.
 *
 * @param life how long a token that is issued now is expected to serve; it is then issued anew
 * @param trustStore whether a token goes to EINIT whatever identity the store recorded with it, so that EINIT says what is wrong
 */
public record Terms(Duration life, boolean trustStore) {

    /** For as long as EINIT takes it, and never for another enclave. */
    public static final Terms DEFAULT = new Terms(Duration.ofSeconds(Long.MAX_VALUE), false);

    public Terms {
        if (life.isNegative()) {
            throw new IllegalArgumentException("a token's life is not negative: " + life);
        }
    }

    /** With this life. */
    public Terms withLife(Duration expected) {
        return new Terms(expected, trustStore);
    }

    /** With the store's identities believed, or checked. */
    public Terms withTrustStore(boolean trust) {
        return new Terms(life, trust);
    }
}
