package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * Least frequently used: the entry goes that was used least often since it came; among equals the least recently used one. Nothing ages: what
 * was popular once stays long.
 *
 * @see <a href="https://doi.org/10.1145/98457.98523">Robinson, Devarakonda: Data cache management using frequency-based replacement, SIGMETRICS
 *     1990, which discusses it</a>
 */
final class Lfu implements EvictionOrder {

    private final SchemeClock clock;
    private final HitLog hits;
    private final EntryHeap heap = new EntryHeap();

    Lfu(SchemeClock clock, HitLog hits) {
        this.clock = clock;
        this.hits = hits;
    }

    @Override
    public void hit(Entry e) {
        hits.add(e);
    }

    @Override
    public void touch(Entry e) {
        e.tick = clock.next();
        e.priority++;
        heap.rose(e);
    }

    @Override
    public void insert(Entry e) {
        e.tick = clock.next();
        e.priority = 1;
        heap.add(e);
    }

    @Override
    public void remove(Entry e) {
        heap.remove(e);
    }

    @Override
    public @Nullable Entry coldest() {
        return heap.least();
    }

    @Override
    public boolean colder(Entry a, Entry b) {
        return EntryHeap.compare(a, b) < 0;
    }
}
