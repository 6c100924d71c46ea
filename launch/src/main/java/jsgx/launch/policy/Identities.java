package jsgx.launch.policy;

import java.util.Set;

/**
 * The hashes that a rule names.
 *
 * @param text as the file has them, in short
 */
record Identities(Set<Hash256> hashes, String text) {

    boolean contains(byte[] hash) {
        return hashes.contains(Hash256.of(hash));
    }

    @Override
    public String toString() {
        return text;
    }
}
