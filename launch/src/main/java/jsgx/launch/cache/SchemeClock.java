package jsgx.launch.cache;

/** What the orders of all workloads under one scheme share, so that their entries can be compared. Guarded by the cache's lock. */
final class SchemeClock {

    /** Counts what the orders hear of: entries that came, and hits where they hear of hits. A hit may read it without the lock. */
    private long tick;

    /** Cost-aware: L of GreedyDual, the highest priority of what was evicted. */
    long inflation;

    long next() {
        tick++;
        return tick;
    }

    long now() {
        return tick;
    }
}
