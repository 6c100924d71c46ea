package jsgx.study.report;

import java.util.function.ToDoubleFunction;
import jsgx.study.run.CellResult;
import jsgx.study.simulation.Measured;

/** A figure of a cell. */
public enum Metric {
    HIT_RATIO("hitRatio", 0.005, 0, result -> ratio(result.measured().hits(), result.measured())),
    OPTIMAL_HIT_RATIO(
            "optimalHitRatio", 0.005, 0, result -> ratio(result.measured().optimalHits(), result.measured())),
    P50("p50Micros", 0, 0.01, result -> result.measured().latency().p50() / 1e3),
    P99("p99Micros", 0, 0.01, result -> result.measured().latency().p99() / 1e3),
    P999("p999Micros", 0, 0.01, result -> result.measured().latency().p999() / 1e3),
    MEAN("meanMicros", 0, 0.01, result -> result.measured().latency().mean() / 1e3),
    LE_CALLS("leCalls", 0.5, 0.01, result -> result.measured().launchEnclaveCalls()),
    /** Jain's index of what is left of each workload's speed when it runs with the others. */
    FAIRNESS("fairness", 0.005, 0, Slowdowns::fairness),
    /** How many times as long the launches of the worst-off workload take as when it runs alone; that of an attacker is not asked for. */
    WORST_SLOWDOWN("worstSlowdown", 0, 0.01, Slowdowns::worst),
    JOINS("joins", 0.5, 0.01, result -> result.measured().joins()),
    REISSUES("reissues", 0.5, 0.01, result -> result.measured().reissues()),
    EVICTIONS("evictions", 0.5, 0.01, result -> result.measured().evictions()),
    /** What all kernels' caches held at most. */
    KERNEL_BYTES("kernelBytes", 0, 0.01, Owners::kernelBytes),
    /** What all places held at most: each owner's most added up. */
    HELD_BYTES("heldBytes", 0, 0.01, Owners::heldBytes),
    /** Requests to launch enclaves that a reboot or migration causes. */
    REBOOT_LE_CALLS(
            "rebootLeCalls",
            0.05,
            0.01,
            result -> each((double) result.measured().rebootCalls(), result.measured())),
    /** How much longer launches take in all for a reboot or migration. */
    REBOOT_MICROS("rebootMicros", 1, 0.01, result -> each(result.measured().rebootNanos() / 1e3, result.measured())),
    /** Until nothing revoked launches, with policy at EINIT. */
    REVOKE_MICROS("revokeMicros", 0, 0.01, result -> result.measured().revokeNanos() / 1e3),
    /** After that, until no revoked token is left. */
    PURGE_MICROS("purgeMicros", 0, 0.01, result -> result.measured().purgeNanos() / 1e3),
    UNGOVERNED("ungovernedLaunches", 0.5, 0.01, result -> result.measured().ungoverned());

    private final String id;
    private final double absolute;
    private final double relative;

    @SuppressWarnings("ImmutableEnumChecker") // A function of its argument alone.
    private final ToDoubleFunction<CellResult> value;

    Metric(String id, double absolute, double relative, ToDoubleFunction<CellResult> value) {
        this.id = id;
        this.absolute = absolute;
        this.relative = relative;
        this.value = value;
    }

    /** Its name in JSON and CSV, with its unit. */
    public String id() {
        return id;
    }

    double of(CellResult result) {
        return value.applyAsDouble(result);
    }

    /** The least difference from a value that is worth a word, however sure it is. */
    double least(double from) {
        return Math.max(absolute, relative * Math.abs(from));
    }

    private static double ratio(long hits, Measured measured) {
        return measured.launches() == 0 ? 0 : (double) hits / measured.launches();
    }

    private static double each(double all, Measured measured) {
        return measured.reboots() == 0 ? 0 : all / measured.reboots();
    }
}
