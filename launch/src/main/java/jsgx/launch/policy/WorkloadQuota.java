package jsgx.launch.policy;

/**
 * What a workload may have.
 *
 * @param enclaves at once
 * @param launchesPerSecond in the long run; {@link Double#POSITIVE_INFINITY} for no limit
 * @param launchBurst how many launches at once, after a pause; at least 1
 * @param tokenFloor bytes of the kernel's token cache that no other workload takes from it
 * @param tokenCeiling the most bytes of that cache
 * @param epcPages of 4096 bytes, at once
 */
public record WorkloadQuota(
        long enclaves, double launchesPerSecond, long launchBurst, long tokenFloor, long tokenCeiling, long epcPages) {

    /** No limit at all. */
    public static final WorkloadQuota UNLIMITED = new WorkloadQuota(
            Long.MAX_VALUE, Double.POSITIVE_INFINITY, Long.MAX_VALUE, 0, Long.MAX_VALUE, Long.MAX_VALUE);
}
