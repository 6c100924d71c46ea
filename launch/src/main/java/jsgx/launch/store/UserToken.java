package jsgx.launch.store;

/**
 * A token as a user got it.
 *
 * @param token the EINITTOKEN, 304 bytes; empty where the issuer says that none is needed
 * @param source where it came from
 * @param reissueReason why the store's token was not given, or was refused; empty where there was none, or it was given
 * @param notKept why an issued token is not in the store; empty where it is
 */
public record UserToken(byte[] token, Source source, String reissueReason, String notKept) {

    /** Where a token came from. */
    public enum Source {
        /** The copy in memory. */
        USER_CACHE("user-cache"),
        /** The store's file. */
        STORE("store"),
        /** It was made for this request, and is kept from now on. */
        ISSUED("issued");

        private final String id;

        Source(String id) {
            this.id = id;
        }

        /** The name in JSON. */
        public String id() {
            return id;
        }
    }

    public UserToken {
        token = token.clone();
    }

    @Override
    public byte[] token() {
        return token.clone();
    }

    /** Says nothing of the token but where it came from. */
    @Override
    public String toString() {
        return "UserToken[%s, \"%s\", \"%s\"]".formatted(source.id(), reissueReason, notKept);
    }
}
