package jsgx.launch.cache;

import java.util.HashMap;
import java.util.Map;
import jsgx.driver.Workload;

/**
 * The bounds of the cache. Bytes are what entries really cost, {@link Scheme#entryBytes} each, not the 304 bytes of their tokens. The floors
 * together fit the bound, whatever the scheme: what is guaranteed can be had.
 *
 * @param maxBytes the most that all entries cost
 * @param maxEntries the most entries, or {@link #UNLIMITED}
 * @param workloads floors and ceilings of those workloads that have their own
 * @param defaultCeilingBytes the ceiling of all others, or {@link #UNLIMITED}
 */
public record CacheLimits(
        long maxBytes, long maxEntries, Map<Workload, WorkloadLimits> workloads, long defaultCeilingBytes) {

    /** No bound of this kind. */
    public static final long UNLIMITED = Long.MAX_VALUE;

    public CacheLimits {
        workloads = Map.copyOf(workloads);
        notNegative("the bound of the cache in bytes", maxBytes);
        notNegative("the bound of the cache in entries", maxEntries);
        notNegative("the default ceiling in bytes", defaultCeilingBytes);
        long bytes = 0;
        long entries = 0;
        for (WorkloadLimits limits : workloads.values()) {
            bytes = saturated(bytes + limits.floorBytes());
            entries += limits.floorBytes() / Scheme.LEAST_ENTRY_BYTES;
        }
        if (bytes > maxBytes) {
            throw new IllegalArgumentException(
                    "the floors of %d workloads are %d bytes together, and the cache is bounded to %d: lower a floor or raise the bound"
                            .formatted(workloads.size(), bytes, maxBytes));
        }
        if (entries > maxEntries) {
            throw new IllegalArgumentException(
                    "the floors of %d workloads have room for %d entries of %d bytes, and the cache is bounded to %d entries: lower a floor or raise the bound"
                            .formatted(workloads.size(), entries, Scheme.LEAST_ENTRY_BYTES, maxEntries));
        }
    }

    /** A bound in bytes alone. */
    public static CacheLimits ofBytes(long maxBytes) {
        return new CacheLimits(maxBytes, UNLIMITED, Map.of(), UNLIMITED);
    }

    public CacheLimits withMaxBytes(long bytes) {
        return new CacheLimits(bytes, maxEntries, workloads, defaultCeilingBytes);
    }

    public CacheLimits withMaxEntries(long entries) {
        return new CacheLimits(maxBytes, entries, workloads, defaultCeilingBytes);
    }

    /** The same with another floor and ceiling for a workload. */
    public CacheLimits withWorkload(Workload workload, WorkloadLimits limits) {
        Map<Workload, WorkloadLimits> changed = new HashMap<>(workloads);
        changed.put(workload, limits);
        return new CacheLimits(maxBytes, maxEntries, changed, defaultCeilingBytes);
    }

    public CacheLimits withDefaultCeiling(long bytes) {
        return new CacheLimits(maxBytes, maxEntries, workloads, bytes);
    }

    /** What a workload may have. */
    public WorkloadLimits of(Workload workload) {
        WorkloadLimits own = workloads.get(workload);
        return own == null ? WorkloadLimits.ceiling(defaultCeilingBytes) : own;
    }

    private static void notNegative(String what, long value) {
        if (value < 0) {
            throw new IllegalArgumentException(what + " is 0 or more, not " + value);
        }
    }

    private static long saturated(long sum) {
        return sum < 0 ? UNLIMITED : sum;
    }
}
