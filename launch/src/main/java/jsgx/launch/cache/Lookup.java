package jsgx.launch.cache;

import java.util.Arrays;

/**
 * A token and how the cache came by it.
 *
 * @param token 304 bytes, a copy for whoever asks
 */
public record Lookup(byte[] token, Origin origin) {

    /** How the cache came by a token. */
    public enum Origin {
        /** It was in the cache. */
        HIT,
        /** This caller loaded it. */
        LOADED,
        /** Another caller was loading it, and this one waited. */
        JOINED
    }

    @Override
    public byte[] token() {
        return token.clone();
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof Lookup other && origin == other.origin && Arrays.equals(token, other.token);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(token) * 31 + origin.hashCode();
    }

    @Override
    public String toString() {
        return "Lookup[" + origin + "]";
    }
}
