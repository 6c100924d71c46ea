package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * Least recently used: the entry goes whose last use is longest ago. A list in the order of use.
 *
 * @see <a href="https://doi.org/10.1147/sj.92.0078">Mattson, Gecsei, Slutz, Traiger: Evaluation techniques for storage hierarchies, IBM Systems
 *     Journal 9(2), 1970</a>
 */
final class Lru implements EvictionOrder {

    private final SchemeClock clock;
    private final HitLog hits;
    private final EntryList list = new EntryList();

    Lru(SchemeClock clock, HitLog hits) {
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
        list.moveToHotEnd(e);
    }

    @Override
    public void insert(Entry e) {
        e.tick = clock.next();
        list.add(e);
    }

    @Override
    public void remove(Entry e) {
        list.remove(e);
    }

    @Override
    public @Nullable Entry coldest() {
        return list.coldest();
    }
}
