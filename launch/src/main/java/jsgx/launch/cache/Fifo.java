package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * First in, first out: the entry goes that came first; a hit changes nothing.
 *
 * @see <a href="https://doi.org/10.1147/sj.52.0078">Belady: A study of replacement algorithms for a virtual-storage computer, IBM Systems Journal
 *     5(2), 1966</a>
 */
final class Fifo implements EvictionOrder {

    private final SchemeClock clock;
    private final EntryList queue = new EntryList();

    Fifo(SchemeClock clock) {
        this.clock = clock;
    }

    @Override
    public void hit(Entry e) {}

    @Override
    public void insert(Entry e) {
        e.tick = clock.next();
        queue.add(e);
    }

    @Override
    public void remove(Entry e) {
        queue.remove(e);
    }

    @Override
    public @Nullable Entry coldest() {
        return queue.coldest();
    }
}
