package jsgx.launch.cache;

/**
 * Which entry a workload loses when it has to give one. A scheme is a class of this package, with its rules and where they were published.
 */
public enum Scheme {
    /** Least recently used. */
    LRU("lru", 0) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new Lru(clock, hits);
        }
    },
    /** Least frequently used. */
    LFU("lfu", 8) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new Lfu(clock, hits);
        }
    },
    /** Window TinyLFU, by Caffeine. */
    W_TINY_LFU("w-tinylfu", 104) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new WTinyLfu(clock, most);
        }
    },
    /** First in, first out. */
    FIFO("fifo", 0) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new Fifo(clock);
        }
    },
    /** Three queues. */
    S3_FIFO("s3-fifo", 64) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new S3Fifo(clock);
        }
    },
    /** A queue and a hand. */
    SIEVE("sieve", 0) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new Sieve(clock);
        }
    },
    /** GreedyDual-Size-Frequency: the measured time of a load is what an entry is worth. */
    COST_AWARE("cost-aware", 8) {
        @Override
        EvictionOrder order(SchemeClock clock, HitLog hits, long most) {
            return new GreedyDual(clock, hits);
        }
    };

    /**
     * What every entry costs whatever the scheme, in bytes of a 64-bit JVM with compressed references: key 200, token 320, the entry itself 80, node
     * and slot of the hash table 43, rounded up.
     */
    static final long LEAST_ENTRY_BYTES = 648;

    private final String word;
    /** Bytes an entry beyond that: a heap's slot, a ghost, or Caffeine's node, table and sketch. */
    private final long bookkeeping;

    Scheme(String word, long bookkeeping) {
        this.word = word;
        this.bookkeeping = bookkeeping;
    }

    /** What one entry costs in bytes: key, token, node, its place in the table, and what the scheme keeps of it. */
    public long entryBytes() {
        return LEAST_ENTRY_BYTES + bookkeeping;
    }

    /**
     * An empty order for one workload.
     *
     * @param most how many entries it may come to hold
     */
    abstract EvictionOrder order(SchemeClock clock, HitLog hits, long most);

    /** Its name as people write it. */
    @Override
    public String toString() {
        return word;
    }
}
