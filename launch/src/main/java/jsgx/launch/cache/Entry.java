package jsgx.launch.cache;

import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;

/**
 * A token in the cache, and what the schemes keep of it: one node for all of them, so that content can go from one scheme to another. All but
 * what a hit writes is guarded by the cache's lock.
 */
final class Entry {

    final TokenKey key;
    final byte[] token;

    /** The workload that it is charged to. */
    final Share share;

    /** When it came, in milliseconds of the epoch. */
    final long loadedAt;

    /** How long the load took, in nanoseconds. */
    final long loadNanos;

    /** False once it left the cache: a hit that was noted before is forgotten. */
    boolean kept = true;

    /**
     * When it was used last, or came, in ticks of {@link SchemeClock}. Some schemes write it on a hit without a lock: a lost write is a
     * hit forgotten.
     */
    long tick;

    /** LFU and cost-aware: the one with the least goes first. */
    long priority;

    /** How often it was hit, as far as its scheme counts; S3-FIFO and SIEVE write it on a hit without a lock. */
    int frequency;

    /** Its place in a heap. */
    int slot;

    /** S3-FIFO: whether it is in the main queue. */
    boolean main;

    /** Its neighbours in a list. */
    @Nullable
    Entry colder;

    @Nullable
    Entry hotter;

    Entry(TokenKey key, byte[] token, Share share, long loadedAt, long loadNanos) {
        this.key = key;
        this.token = token;
        this.share = share;
        this.loadedAt = loadedAt;
        this.loadNanos = loadNanos;
    }

    /** The key's, so that a frequency sketch knows a token again that comes back; two entries are never equal. */
    @Override
    public int hashCode() {
        return key.hashCode();
    }

    @Override
    public boolean equals(Object o) {
        return this == o;
    }
}
