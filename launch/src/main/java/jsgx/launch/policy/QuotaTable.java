package jsgx.launch.policy;

import java.util.Map;

/**
 * The quotas of all workloads.
 *
 * @param others of each workload that is not named, for itself
 * @param named by the workload's name
 */
public record QuotaTable(WorkloadQuota others, Map<String, WorkloadQuota> named) {

    /** No limits. */
    public static final QuotaTable UNLIMITED = new QuotaTable(WorkloadQuota.UNLIMITED, Map.of());

    public QuotaTable {
        named = Map.copyOf(named);
    }

    /** The quota of a workload. */
    public WorkloadQuota of(String workload) {
        return named.getOrDefault(workload, others);
    }
}
