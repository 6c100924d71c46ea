package jsgx.launch.cache;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Hits that the eviction orders have not heard of yet, so that a hit takes no lock and threads do not contend. It is lossy: each of a few stripes is a ring
 * that threads write to by their id, and a hit that meets a full ring, or another thread in the act, is not logged. A thread alone never loses
 * one, since whoever fills a ring empties it.
 *
 * @see <a href="https://doi.org/10.1145/1516360.1516448">Ding, Jiang, Zhang: BP-Wrapper, a system framework making any replacement algorithms
 *     (almost) lock contention free, ICDE 2009</a>
 */
final class HitLog {

    private static final int RING = 32;

    /** Longs between two counters: two cache lines, as processors fetch neighbours too. */
    private static final int APART = 16;

    private final ReentrantLock lock;
    private final int stripes =
            Integer.highestOneBit(Math.max(Runtime.getRuntime().availableProcessors(), 1) * 2 - 1) * 2;
    private final AtomicReferenceArray<@Nullable Entry> rings = new AtomicReferenceArray<>(stripes * RING);
    private final AtomicLongArray written = new AtomicLongArray((stripes + 1) * APART);
    private final AtomicLongArray read = new AtomicLongArray((stripes + 1) * APART);

    /**
     * An empty log.
     *
     * @param lock the cache's
     */
    HitLog(ReentrantLock lock) {
        this.lock = lock;
    }

    /** Logs a hit, or drops it. */
    void add(Entry e) {
        int stripe = (int) Thread.currentThread().threadId() & (stripes - 1);
        int counter = (stripe + 1) * APART - 1;
        long at = written.get(counter);
        if (at - read.getAcquire(counter) < RING && written.weakCompareAndSetVolatile(counter, at, at + 1)) {
            rings.setRelease(stripe * RING + (int) (at & (RING - 1)), e);
        }
        if (at + 1 - read.getAcquire(counter) >= RING && lock.tryLock()) {
            try {
                drain();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Tells the orders of all logged hits. The caller holds the lock. */
    void drain() {
        for (int stripe = 0; stripe < stripes; stripe++) {
            int counter = (stripe + 1) * APART - 1;
            long end = written.getAcquire(counter);
            long at = read.get(counter);
            for (; at < end; at++) {
                int slot = stripe * RING + (int) (at & (RING - 1));
                Entry e = rings.getAcquire(slot);
                if (e == null) {
                    break;
                }
                rings.setRelease(slot, null);
                if (e.kept) {
                    e.share.order().touch(e);
                }
            }
            read.setRelease(counter, at);
        }
    }
}
