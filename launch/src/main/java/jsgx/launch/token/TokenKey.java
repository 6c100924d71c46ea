package jsgx.launch.token;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * What a cache in the kernel finds a token by: its identity, and what else entered the launch key. The launch key depends on the
 * hash MSRs that the launch enclave was started under, and on owner epoch and CPUSVN; the latter two are counted, not compared, so that a
 * token of an earlier generation is never found again.
 */
public final class TokenKey {

    private final TokenIdentity identity;
    private final byte[] leHash;
    private final long generation;
    private final int hash;

    /**
     * @param leHash the launch enclave's MRSIGNER, 32 bytes
     * @param generation how often owner epoch or CPUSVN changed
     */
    public TokenKey(TokenIdentity identity, byte[] leHash, long generation) {
        this.identity = identity;
        this.leHash = leHash.clone();
        this.generation = generation;
        this.hash = (identity.hashCode() * 31 + Arrays.hashCode(leHash)) * 31 + Long.hashCode(generation);
    }

    public TokenIdentity identity() {
        return identity;
    }

    public byte[] leHash() {
        return leHash.clone();
    }

    public long generation() {
        return generation;
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof TokenKey other
                && hash == other.hash
                && generation == other.generation
                && identity.equals(other.identity)
                && Arrays.equals(leHash, other.leHash);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return "%s, launch enclave of %s, generation %d"
                .formatted(identity, HexFormat.of().formatHex(leHash), generation);
    }
}
