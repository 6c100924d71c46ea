package jsgx.launch.cache;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * S3-FIFO: three queues in the order of arrival. What comes enters the small one, a tenth of all, where most leave again: only what was hit more than once goes
 * on to the main one. The ghost queue knows what left the small one, as many keys as a full main one has entries; what is in it and comes again
 * enters the main one at once. In the main queue what was hit goes round again, once for each of up to three hits. Sizes are
 * relative to what the workload holds. The ghosts are the keys' hashes alone.
 *
 * @see <a href="https://doi.org/10.1145/3600006.3613147">Yang, Zhang, Qiu, Yue, Rashmi: FIFO queues are all you need for cache eviction, SOSP
 *     2023</a>
 */
final class S3Fifo implements EvictionOrder {

    private static final int MOST = 3;
    private static final int SMALL_SHARE = 10;

    private final SchemeClock clock;
    private final EntryList small = new EntryList();
    private final EntryList main = new EntryList();
    private final Set<Integer> ghosts = new LinkedHashSet<>();

    S3Fifo(SchemeClock clock) {
        this.clock = clock;
    }

    @Override
    public void hit(Entry e) {
        int frequency = e.frequency;
        if (frequency < MOST) {
            e.frequency = frequency + 1;
        }
        long now = clock.now();
        if (e.tick != now) {
            e.tick = now;
        }
    }

    @Override
    public void insert(Entry e) {
        e.tick = clock.next();
        e.frequency = 0;
        e.main = ghosts.remove(e.hashCode());
        queue(e).add(e);
    }

    @Override
    public void remove(Entry e) {
        queue(e).remove(e);
        trimGhosts();
    }

    @Override
    public void evict(Entry e) {
        queue(e).remove(e);
        if (!e.main) {
            ghosts.add(e.hashCode());
        }
        trimGhosts();
    }

    @Override
    public @Nullable Entry coldest() {
        while (smallIsDue()) {
            Entry e = small.coldest();
            if (e == null || e.frequency <= 1) {
                return e;
            }
            small.remove(e);
            e.frequency = 0;
            e.main = true;
            main.add(e);
        }
        // Bounded, since others may go on hitting what is looked at.
        for (long looks = (MOST + 1L) * main.size(); looks > 0; looks--) {
            Entry e = main.coldest();
            if (e == null || e.frequency == 0) {
                return e;
            }
            e.frequency--;
            main.moveToHotEnd(e);
        }
        return main.size() > 0 ? main.coldest() : small.coldest();
    }

    private boolean smallIsDue() {
        return small.size() > 0 && (long) small.size() * SMALL_SHARE >= held();
    }

    /** As many as a full main queue has entries. */
    private void trimGhosts() {
        long most = held() - held() / SMALL_SHARE;
        for (Iterator<Integer> oldest = ghosts.iterator(); ghosts.size() > most; ) {
            oldest.next();
            oldest.remove();
        }
    }

    private long held() {
        return small.size() + (long) main.size();
    }

    private EntryList queue(Entry e) {
        return e.main ? main : small;
    }
}
