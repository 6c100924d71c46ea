package jsgx.launch.cache;

import java.time.Duration;
import java.util.Map;

/**
 * What the cache did for one workload, or for all. Counts begin with the cache and are those of the workload that asked; bytes, entries, evictions and
 * ages are of the entries charged to it. Every lookup is a hit or a miss, and every miss a load, a load failure, a join or still loading.
 *
 * @param hits lookups that found a token
 * @param misses lookups that found none
 * @param loads misses that loaded a token
 * @param loadFailures misses whose load failed
 * @param joins misses that waited for the load of another
 * @param loading misses that are loading now
 * @param evictions entries that left the cache, by cause; every cause is there
 * @param entries entries now
 * @param bytes what they cost
 * @param oldest the age of the oldest entry, 0 where there is none
 * @param meanAge the mean age of the entries, 0 where there is none
 */
public record WorkloadStatistics(
        long hits,
        long misses,
        long loads,
        long loadFailures,
        long joins,
        long loading,
        Map<EvictionCause, Long> evictions,
        long entries,
        long bytes,
        Duration oldest,
        Duration meanAge) {}
