package jsgx.driver;

import java.util.Arrays;
import jsgx.arch.struct.EinitToken;

/** What a launch authority says to a launch. */
public sealed interface Decision {

    /** The launch may go on to EINIT, which checks everything again. */
    static Decision allow() {
        return Allow.WITHOUT_TOKEN;
    }

    /** The launch may go on to EINIT with this EINITTOKEN; looked at where {@link TokenSupplier#AUTHORITY} brings the token. */
    static Decision allow(byte[] token) {
        return new Allow(token);
    }

    /** The launch ends here: the call returns this result, a negated errno or a positive code. */
    static Decision refuse(long result, String reason) {
        return new Refuse(result, reason);
    }

    /**
     * The launch may go on.
     *
     * @param token an EINITTOKEN of 304 bytes, or empty for one that is all zero (VALID is 0)
     */
    record Allow(byte[] token) implements Decision {
        private static final Allow WITHOUT_TOKEN = new Allow(new byte[0]);

        public Allow {
            if (token.length != 0 && token.length != EinitToken.SIZE) {
                throw new IllegalArgumentException(
                        "an EINITTOKEN has %d bytes, not %d".formatted(EinitToken.SIZE, token.length));
            }
        }

        @Override
        public boolean equals(Object o) {
            return o instanceof Allow other && Arrays.equals(token, other.token);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(token);
        }

        /** Says nothing of the token but whether there is one. */
        @Override
        public String toString() {
            return token.length == 0 ? "Allow[no token]" : "Allow[token]";
        }
    }

    /**
     * The launch is refused.
     *
     * @param result what the call returns
     * @param reason why, for people
     */
    record Refuse(long result, String reason) implements Decision {}
}
