package jsgx.launch.policy;

import java.util.Set;

/**
 * The hashes that a rule names.
 *
 * @param place where they stand, as {@code  in signers.txt}; empty where it is the rule itself
 */
record Identities(Set<Hash256> hashes, String place) {

    Identities {
        hashes = Set.copyOf(hashes);
    }

    /** As the file has them, in short. */
    String text() {
        return hashes.size() == 1 && place.isEmpty()
                ? hashes.iterator().next().toString()
                : "one of %d%s".formatted(hashes.size(), place.isEmpty() ? " hashes" : place);
    }

    boolean contains(byte[] hash) {
        return hashes.contains(Hash256.of(hash));
    }

    @Override
    public String toString() {
        return text();
    }
}
