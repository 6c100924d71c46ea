package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * GreedyDual-Size-Frequency, the cost-aware scheme: the entry goes with the least priority L + frequency × cost / size. Cost is the
 * time that the entry's own load took, in nanoseconds, waiting for the launch enclave included: what its loss would cost a launch. Size is the same for all
 * entries, so it is left out. L is the highest priority of what was evicted so far: it lifts what comes and what is used above
 * what was only used long ago.
 *
 * @see <a href="https://www.hpl.hp.com/techreports/98/HPL-98-69R1.html">Cherkasova: Improving WWW proxies performance with
 *     Greedy-Dual-Size-Frequency caching policy, HP Laboratories, 1998</a>
 */
final class GreedyDual implements EvictionOrder {

    private final SchemeClock clock;
    private final HitLog hits;
    private final EntryHeap heap = new EntryHeap();

    GreedyDual(SchemeClock clock, HitLog hits) {
        this.clock = clock;
        this.hits = hits;
    }

    @Override
    public void hit(Entry e) {
        hits.add(e);
    }

    @Override
    public void touch(Entry e) {
        use(e);
        heap.rose(e);
    }

    @Override
    public void insert(Entry e) {
        e.frequency = 0;
        use(e);
        heap.add(e);
    }

    @Override
    public void remove(Entry e) {
        heap.remove(e);
    }

    @Override
    public void evict(Entry e) {
        clock.inflation = Math.max(clock.inflation, e.priority);
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

    private void use(Entry e) {
        e.tick = clock.next();
        e.frequency++;
        e.priority = clock.inflation + e.frequency * e.loadNanos;
    }
}
