package jsgx.launch.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * W-TinyLFU, by Caffeine: what comes enters a small window; between what leaves the window and what lies longest in the main
 * region, a frequency sketch over recent history decides; the window's size adapts itself to the load.
 *
 * <p>Caffeine knows one bound and no floors. So a workload has a Caffeine of its own which never evicts: the token cache makes room before it inserts, and
 * takes what Caffeine calls its coldest entry, the less frequent of the window's and the main region's oldest. Window, main
 * region and sketch are sized by Caffeine's maximum, which follows what the workload holds, in steps, since each change begins the
 * window's adaptation anew.
 *
 * @see <a href="https://doi.org/10.1145/3149371">Einziger, Friedman, Manes: TinyLFU, a highly efficient cache admission policy, ACM Transactions
 *     on Storage 13(4), 2017</a>
 */
final class WTinyLfu implements EvictionOrder {

    private static final long SMALLEST = 16;

    /** The part of the maximum by which it may be too large: what gives and takes by turns leaves it alone. */
    private static final long SLACK = 64;

    private final SchemeClock clock;
    private final Cache<Entry, Entry> order =
            Caffeine.newBuilder().executor(Runnable::run).maximumSize(SMALLEST).build();
    private final Policy.Eviction<Entry, Entry> eviction =
            order.policy().eviction().orElseThrow();

    private long size;
    private long maximum = SMALLEST;

    WTinyLfu(SchemeClock clock) {
        this.clock = clock;
    }

    @Override
    public void hit(Entry e) {
        var _ = order.getIfPresent(e);
        long now = clock.now();
        if (e.tick != now) {
            e.tick = now;
        }
    }

    @Override
    public void insert(Entry e) {
        size++;
        if (size > maximum) {
            // An eighth of room, so that not every insertion changes it.
            maximum(size + size / 8);
        }
        e.tick = clock.next();
        order.put(e, e);
    }

    @Override
    public void remove(Entry e) {
        order.invalidate(e);
        size--;
    }

    @Override
    public @Nullable Entry coldest() {
        if (size < maximum - maximum / SLACK && maximum > SMALLEST) {
            maximum(size);
        }
        return eviction.coldest(entries -> {
            Iterator<Policy.CacheEntry<Entry, Entry>> coldestFirst = entries.iterator();
            return coldestFirst.hasNext() ? coldestFirst.next().getKey() : null;
        });
    }

    private void maximum(long entries) {
        maximum = Math.max(entries, SMALLEST);
        eviction.setMaximum(maximum);
    }
}
