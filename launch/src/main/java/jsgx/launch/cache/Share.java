package jsgx.launch.cache;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import jsgx.driver.Workload;

/** What one workload has of the cache: its limits, its entries in their order, and its counts. Guarded by the cache's lock but for the hits. */
final class Share {

    final Workload workload;
    final LongAdder hits = new LongAdder();

    WorkloadLimits limits;
    long entries;
    long misses;
    long loads;
    long loadFailures;
    long joins;
    long loading;

    private final long[] evictions = new long[EvictionCause.values().length];
    private volatile EvictionOrder order;

    Share(Workload workload, WorkloadLimits limits, EvictionOrder order) {
        this.workload = workload;
        this.limits = limits;
        this.order = order;
    }

    EvictionOrder order() {
        return order;
    }

    void order(EvictionOrder next) {
        order = next;
    }

    void evicted(EvictionCause cause) {
        evictions[cause.ordinal()]++;
    }

    WorkloadStatistics statistics(long entryBytes, Ages ages) {
        Map<EvictionCause, Long> byCause = new EnumMap<>(EvictionCause.class);
        for (EvictionCause cause : EvictionCause.values()) {
            byCause.put(cause, evictions[cause.ordinal()]);
        }
        return new WorkloadStatistics(
                hits.sum(),
                misses,
                loads,
                loadFailures,
                joins,
                loading,
                Map.copyOf(byCause),
                entries,
                entries * entryBytes,
                ages.oldest(),
                ages.mean());
    }

    /** The ages of some entries. */
    static final class Ages {

        private final long now;
        private long count;
        private long sum;
        private long oldest;

        Ages(long now) {
            this.now = now;
        }

        void add(Entry e) {
            // The clock may have been set back since.
            long age = Math.max(now - e.loadedAt, 0);
            count++;
            sum += age;
            oldest = Math.max(oldest, age);
        }

        Duration oldest() {
            return Duration.ofMillis(oldest);
        }

        Duration mean() {
            return Duration.ofMillis(count == 0 ? 0 : sum / count);
        }
    }
}
