package jsgx.study.simulation;

import java.util.List;

/**
 * What one workload under one design came to.
 *
 * @param launches launches that policy let pass
 * @param hits those for which some place had a token that EINIT took
 * @param optimalHits what Belady's optimum would have hit with as many bytes in one place for all
 * @param launchEnclaveCalls how often a launch enclave was asked
 * @param joins misses that waited for another launch's request instead of asking again
 * @param reissues tokens that EINIT refused, so that a fresh one was fetched
 * @param evictions tokens that had to make room
 * @param latency of launches
 * @param owners what each owner of memory held, and how its launches went
 * @param rebootCalls launch-enclave calls that reboots and migrations caused, against the same launches without them
 * @param rebootNanos time of launches that they caused, likewise
 * @param reboots how many there were
 * @param revokeNanos longest time from a revocation to where nothing revoked can launch any more, with policy at EINIT; 0 without any
 * @param purgeNanos longest time after that until no revoked token is left on one machine
 * @param ungoverned launches of revoked enclaves that tokens already made would have let pass, were policy asked only where a token is made
 */
public record Measured(
        long launches,
        long hits,
        long optimalHits,
        long launchEnclaveCalls,
        long joins,
        long reissues,
        long evictions,
        Latency latency,
        List<Owner> owners,
        long rebootCalls,
        long rebootNanos,
        long reboots,
        long revokeNanos,
        long purgeNanos,
        long ungoverned) {

    /** How long launches took, in nanoseconds: percentiles 50, 90, 99 and 99.9, the longest, and the mean. */
    public record Latency(long p50, long p90, long p99, long p999, long max, double mean) {}

    /** Who it is that has memory. Names do not tell: what is recorded has whatever names people gave. */
    public enum Kind {
        KERNEL,
        WORKLOAD,
        /** A workload that is there to harm the others. */
        ATTACKER
    }

    /**
     * One workload, or one kernel ({@code kernel of M}).
     *
     * @param peakBytes the most that it was charged for
     * @param meanNanos of its launches' latency; 0 for a kernel
     * @param aloneMeanNanos the same where it runs alone under the same design; 0 for a kernel
     */
    public record Owner(
            Kind kind,
            String name,
            long launches,
            long hits,
            long peakBytes,
            double meanNanos,
            double aloneMeanNanos) {}
}
