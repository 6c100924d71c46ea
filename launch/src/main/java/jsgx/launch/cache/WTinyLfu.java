package jsgx.launch.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import java.util.Iterator;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * W-TinyLFU, by Caffeine: what comes enters a small window; between what leaves the window and what lies longest in the main
 * region, a frequency sketch over recent history decides; the window's size adapts itself to the load.
 *
 * <p>Caffeine knows one bound and no floors. So a workload has a Caffeine of its own which never evicts: the token cache makes room before it inserts, and
 * takes what Caffeine calls its coldest entry, the less frequent of the window's and the main region's oldest. Window, main
 * region and sketch are sized by Caffeine's maximum: first what the workload may hold, and later, where others hold a part of that, what it holds, in
 * steps, since each change begins the window's adaptation anew.
 *
 * <p>Where Caffeine evicts, it admits one in 128 warm entries that lose against the main region's oldest, so that what was popular once cannot hold its
 * place for ever, nor anybody make use of that. Here nobody sees how warm an entry is, and one eviction in 256 is the main region's, by numbers
 * that are the same in each run.
 *
 * @see <a href="https://doi.org/10.1145/3149371">Einziger, Friedman, Manes: TinyLFU, a highly efficient cache admission policy, ACM Transactions
 *     on Storage 13(4), 2017</a>
 */
final class WTinyLfu implements EvictionOrder {

    private static final long SMALLEST = 16;

    /** Where nothing bounds the cache, nothing is evicted either until somebody bounds it. */
    private static final long LARGEST = 1L << 40;

    /** The part of the maximum by which it may be too large: what gives and takes by turns leaves it alone. */
    private static final long SLACK = 64;

    /** A mask: one eviction in 256. */
    private static final int JITTER = 255;

    private final SchemeClock clock;
    private final Cache<Entry, Entry> order;
    private final Policy.Eviction<Entry, Entry> eviction;

    private final SplittableRandom random = new SplittableRandom(0);

    private long size;
    private long maximum;

    /** Whether the main region gives next, whatever the frequencies; decided when something comes, so that the coldest one stays the coldest one. */
    private boolean jitter;

    /**
     * @param most how many entries there may be: the first maximum
     */
    WTinyLfu(SchemeClock clock, long most) {
        this.clock = clock;
        this.maximum = Math.clamp(most, SMALLEST, LARGEST);
        this.order = Caffeine.newBuilder()
                .executor(Runnable::run)
                .maximumSize(maximum)
                .build();
        this.eviction = order.policy().eviction().orElseThrow();
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
        jitter = (random.nextInt() & JITTER) == 0;
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
        return eviction.coldest(this::first);
    }

    /** The coldest one; or where that is the window's, and chance has it, the next that was used longer ago, which is the main region's. */
    private @Nullable Entry first(Stream<Policy.CacheEntry<Entry, Entry>> entries) {
        Iterator<Policy.CacheEntry<Entry, Entry>> coldestFirst = entries.iterator();
        if (!coldestFirst.hasNext()) {
            return null;
        }
        Entry coldest = coldestFirst.next().getKey();
        for (int looks = JITTER; jitter && looks > 0 && coldestFirst.hasNext(); looks--) {
            Entry next = coldestFirst.next().getKey();
            if (next.tick < coldest.tick) {
                return next;
            }
        }
        return coldest;
    }

    private void maximum(long entries) {
        maximum = Math.max(entries, SMALLEST);
        eviction.setMaximum(maximum);
    }
}
