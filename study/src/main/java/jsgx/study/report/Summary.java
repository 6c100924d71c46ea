package jsgx.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import jsgx.launch.governor.Placement;
import org.jspecify.annotations.Nullable;

/** A study in a few lines, for a terminal. */
public final class Summary {

    private Summary() {}

    /** The mean launch of each workload by placement, and its best design, at the limit in the middle. */
    public static Table table(Results results) {
        List<Long> limits = results.limits();
        long limit = limits.isEmpty() ? 0 : limits.get(limits.size() / 2);
        List<List<String>> rows = new ArrayList<>();
        for (String workload : results.workloads()) {
            List<String> row = new ArrayList<>(List.of(workload));
            for (Placement placement : Placement.values()) {
                @Nullable Row standing = results.standing(workload, placement, limit);
                row.add(standing == null ? "" : Say.micros(standing.mean(Metric.MEAN)));
            }
            Row best = results
                    .rows(workload, design -> design.limitBytes() == limit || design.placement() == Placement.NONE)
                    .stream()
                    .min(Comparator.comparingDouble(one -> one.mean(Metric.MEAN)))
                    .orElse(null);
            row.add(best == null ? "" : Say.percent(best.mean(Metric.HIT_RATIO)));
            row.add(best == null ? "" : Say.percent(best.mean(Metric.OPTIMAL_HIT_RATIO)));
            row.add(best == null ? "" : Say.micros(best.mean(Metric.MEAN)) + "  " + best.name());
            rows.add(row);
        }
        return new Table(
                "Mean launch by placement"
                        + (limit == 0 ? "" : ", with room for " + Say.bytes(limit))
                        + "; the best design of each workload, its hit ratio and Belady's",
                List.of("workload", "none", "kernel", "user", "both", "hits", "Belady", "best design"),
                rows);
    }
}
