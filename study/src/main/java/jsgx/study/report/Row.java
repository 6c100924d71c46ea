package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.study.design.Design;
import jsgx.study.run.CellResult;
import jsgx.study.run.Grid;
import jsgx.study.run.TraceFacts;

/**
 * One workload under one design.
 *
 * @param recorded whether every seed ran the same trace, which is one sample whatever their number
 * @param results for each seed that has finished, at least one
 */
public record Row(String workload, boolean recorded, Design design, List<CellResult> results) {

    public Row {
        results = List.copyOf(results);
    }

    Spread spread(Metric metric) {
        List<Double> values = new ArrayList<>();
        results.forEach(result -> values.add(metric.of(result)));
        return Spread.of(values);
    }

    /** The figure for each seed that has finished. */
    Map<Long, Double> bySeed(Metric metric) {
        Map<Long, Double> values = new TreeMap<>();
        results.forEach(result -> values.put(result.cell().seed(), metric.of(result)));
        return values;
    }

    double mean(Metric metric) {
        return spread(metric).mean();
    }

    /** Those of its first seed's trace; other seeds' are of the same kind. */
    TraceFacts facts() {
        return results.getFirst().trace();
    }

    /** The design in words, without its limit. */
    String name() {
        return name(design);
    }

    static String name(Design design) {
        StringBuilder name = new StringBuilder(design.placement().id());
        if (design.placement().inKernel()) {
            name.append(", ").append(Grid.scheme(design)).append(", ").append(design.charging());
        }
        if (design.knowledge() != jsgx.study.design.Knowledge.NONE) {
            name.append(", ").append(design.knowledge());
        }
        return name.toString();
    }
}
