package jsgx.launch.cache;

import java.util.Map;
import jsgx.driver.Workload;

/**
 * A snapshot of what the cache did and holds: all numbers are of one moment, and those of the workloads add up to the total. Hits alone are counted
 * without a lock: one that happens during the snapshot is in it or not.
 *
 * @param workloads one for each workload that ever asked
 * @param total of all workloads
 */
public record CacheStatistics(Map<Workload, WorkloadStatistics> workloads, WorkloadStatistics total) {}
