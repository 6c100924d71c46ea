package jsgx.launch.policy;

/**
 * Why a workload gets no more.
 *
 * @param what {@code enclaves} or {@code launchesPerSecond}, as in the file
 * @param reason for people
 */
public record QuotaRefusal(String what, String reason) {}
