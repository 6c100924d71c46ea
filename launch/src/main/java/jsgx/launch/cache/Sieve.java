package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/**
 * SIEVE: a queue in the order of arrival, in which a hit sets a bit and moves nothing. A hand goes from old to new: it clears the bit of an entry that was
 * visited and passes on; the first that was not visited goes. The hand stays there, so that what comes later is sifted sooner than what
 * survived.
 *
 * @see <a href="https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo">Zhang, Yang, Yue, Vigfusson, Rashmi: SIEVE is simpler than LRU,
 *     NSDI 2024</a>
 */
final class Sieve implements EvictionOrder {

    private static final int VISITED = 1;

    private final SchemeClock clock;
    private final EntryList queue = new EntryList();

    /** Where the hand rests; null for the cold end. */
    private @Nullable Entry hand;

    Sieve(SchemeClock clock) {
        this.clock = clock;
    }

    @Override
    public void hit(Entry e) {
        if (e.frequency != VISITED) {
            e.frequency = VISITED;
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
        queue.add(e);
    }

    @Override
    public void remove(Entry e) {
        if (hand != null && hand.equals(e)) {
            hand = e.hotter;
        }
        queue.remove(e);
    }

    @Override
    public @Nullable Entry coldest() {
        Entry e = hand == null ? queue.coldest() : hand;
        // Bounded, since others may go on visiting what is looked at.
        for (int looks = queue.size(); e != null && e.frequency == VISITED && looks > 0; looks--) {
            e.frequency = 0;
            e = e.hotter == null ? queue.coldest() : e.hotter;
        }
        hand = e;
        return e;
    }
}
