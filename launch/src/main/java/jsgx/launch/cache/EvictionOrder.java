package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * The order in which one workload's entries are evicted: an eviction scheme at work. Each workload has its own, so that whoever has to give is asked
 * for its coldest entry and nobody else's is touched; which workload gives is decided between their coldest entries, by {@link #colder}.
 *
 * <p>All methods but {@link #hit} run under the cache's lock.
 */
interface EvictionOrder {

    /** An entry of this order was found: any thread, no lock. */
    void hit(Entry e);

    /** What {@link HitLog} hears of a hit, later and under the lock; for orders that log their hits there. */
    default void touch(Entry e) {}

    /** Takes an entry in as new. */
    void insert(Entry e);

    /** Takes an entry out that leaves the cache by no decision of this order. */
    void remove(Entry e);

    /** Takes an entry out that was {@link #coldest}, to make room. */
    default void evict(Entry e) {
        remove(e);
    }

    /** The entry that goes next; none where this order is empty. It stays, and is still the next one if nothing happens in between. */
    @Nullable
    Entry coldest();

    /** Whether the first, of any order of this scheme, goes before the second: the one that was used last longer ago. */
    default boolean colder(Entry a, Entry b) {
        return a.tick < b.tick;
    }
}
