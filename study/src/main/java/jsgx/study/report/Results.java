package jsgx.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.run.CellResult;
import jsgx.study.run.Cells;
import jsgx.study.run.Plan;
import org.jspecify.annotations.Nullable;

/** The rows of a study: what has finished of it, by workload and design. */
public final class Results {

    private record Key(int workload, Design design) {}

    private final Plan plan;
    private final int finished;
    private final List<Row> rows = new ArrayList<>();

    public Results(Cells cells) {
        plan = cells.plan();
        List<CellResult> results = cells.results();
        finished = results.size();
        Map<Key, List<CellResult>> grouped = new LinkedHashMap<>();
        for (CellResult result : results) {
            grouped.computeIfAbsent(
                            new Key(result.cell().workload(), result.cell().design()), key -> new ArrayList<>())
                    .add(result);
        }
        grouped.forEach((key, list) -> {
            Plan.Input input = plan.workloads().get(key.workload());
            rows.add(new Row(input.name(), input.recorded(), key.design(), list));
        });
    }

    public Plan plan() {
        return plan;
    }

    /** How many cells have finished. */
    int finished() {
        return finished;
    }

    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** The names of the workloads of which something has finished. */
    public List<String> workloads() {
        return rows.stream().map(Row::workload).distinct().toList();
    }

    /** Those workloads whose rows are so. */
    List<String> workloads(Predicate<Row> which) {
        return rows.stream().filter(which).map(Row::workload).distinct().toList();
    }

    /** The limits that designs have, ascending. */
    List<Long> limits() {
        return plan.designs().stream()
                .map(Design::limitBytes)
                .filter(limit -> limit > 0)
                .distinct()
                .sorted()
                .toList();
    }

    List<Row> rows(String workload, Predicate<Design> which) {
        return rows.stream()
                .filter(row -> row.workload().equals(workload) && which.test(row.design()))
                .toList();
    }

    /**
     * The row that stands for a placement where schemes and charging rules are not in question: nobody can choose them by hindsight, so that it is what {@code launch} does by
     * itself, or else the first there is.
     */
    @Nullable
    Row standing(String workload, Placement placement, long limit) {
        return standing(workload, placement, limit, Knowledge.NONE);
    }

    @Nullable
    Row standing(String workload, Placement placement, long limit, Knowledge knowledge) {
        return rows(
                        workload,
                        design -> design.placement() == placement
                                && (placement == Placement.NONE || design.limitBytes() == limit)
                                && design.knowledge() == knowledge)
                .stream()
                .min(Comparator.comparingInt((Row row) -> row.design().scheme() == Scheme.W_TINY_LFU ? 0 : 1)
                        .thenComparingInt(row -> row.design().charging() == Charging.SHARED ? 0 : 1))
                .orElse(null);
    }
}
