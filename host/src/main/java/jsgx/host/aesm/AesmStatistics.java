package jsgx.host.aesm;

import java.util.Arrays;
import java.util.Map;

/**
 * What the AESM socket has done since it began, and what it has to do now.
 *
 * @param answers how often each answer was given
 * @param launchEnclave how long the launch enclave took for a token; where a cache had it, it is not asked and not counted
 * @param waiting how many requests of each workload wait now
 * @param connections how many connections each workload has now
 * @param refusedConnections how many connections were closed at once, as their user or all had as many as may be
 * @param stalledConnections how many connections were closed because a frame of theirs took too long
 */
public record AesmStatistics(
        Map<Answer, Long> answers,
        Latency launchEnclave,
        Map<String, Integer> waiting,
        Map<String, Integer> connections,
        long refusedConnections,
        long stalledConnections) {

    /**
     * How long something took, in buckets.
     *
     * @param bounds the longest time of each bucket, in nanoseconds; the last has none, {@link Long#MAX_VALUE}
     * @param counts how often it took so long, and longer than the bound of the bucket before
     * @param sumNanos how long it took in all
     */
    public record Latency(long[] bounds, long[] counts, long sumNanos) {

        /** How often it was done. */
        public long count() {
            return Arrays.stream(counts).sum();
        }
    }

    /**
     * An answer.
     *
     * @param request {@code token}, {@code white-list-size}, {@code white-list}, or {@code other} for what is not served
     * @param error its code
     * @param verdict what the governor said, in lower case, as {@code allow}; empty where it was not asked
     */
    public record Answer(String request, AesmError error, String verdict) {}
}
