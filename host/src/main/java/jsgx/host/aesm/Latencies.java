package jsgx.host.aesm;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/** How long something took, counted in buckets; nobody waits for it. */
final class Latencies {

    /** From a microsecond to half a minute. */
    private static final int BUCKETS = 26;

    private static final long FIRST = 1_000;

    private final LongAdder[] counts = new LongAdder[BUCKETS];
    private final LongAdder sum = new LongAdder();

    Latencies() {
        Arrays.setAll(counts, i -> new LongAdder());
    }

    void add(long nanos) {
        int bucket = 0;
        while (bucket < BUCKETS - 1 && nanos > bound(bucket)) {
            bucket++;
        }
        counts[bucket].increment();
        sum.add(nanos);
    }

    AesmStatistics.Latency snapshot() {
        long[] bounds = new long[BUCKETS];
        Arrays.setAll(bounds, i -> i == BUCKETS - 1 ? Long.MAX_VALUE : bound(i));
        return new AesmStatistics.Latency(
                bounds, Arrays.stream(counts).mapToLong(LongAdder::sum).toArray(), sum.sum());
    }

    private static long bound(int bucket) {
        return FIRST << bucket;
    }
}
