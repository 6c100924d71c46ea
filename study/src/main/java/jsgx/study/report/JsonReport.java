package jsgx.study.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import jsgx.study.complexity.Complexity;
import jsgx.study.run.CellResult;
import jsgx.study.run.Grid;
import jsgx.study.run.Plan;
import jsgx.study.simulation.Measured.Owner;

/** A study as one JSON document: a figure is the mean over seeds, and its spread stands beside it. */
public final class JsonReport {

    private static final MathContext DIGITS = new MathContext(6);
    private static final int OWNERS = 8;

    private JsonReport() {}

    /** The document, of strings, numbers, lists and maps. */
    public static Map<String, Object> of(Results results, List<Answer> answers, List<Complexity> complexity) {
        Plan plan = results.plan();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", plan.version());
        json.put("finishedCells", results.finished());
        json.put("plannedCells", plan.size());
        json.put("seeds", plan.seeds());
        json.put("scale", plan.scale());
        json.put("answers", answers.stream().map(JsonReport::answer).toList());
        json.put("complexity", complexity.stream().map(JsonReport::complexity).toList());
        json.put(
                "workloads",
                plan.workloads().stream().map(input -> workload(results, input)).toList());
        json.put("cells", results.rows().stream().map(JsonReport::row).toList());
        json.put("costs", Plan.json(plan.costs()));
        return json;
    }

    private static Map<String, Object> answer(Answer answer) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", answer.id());
        json.put("question", answer.question());
        json.put("claims", answer.claims());
        List<Map<String, Object>> conclusions = new ArrayList<>();
        for (Conclusion conclusion : answer.conclusions()) {
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("workload", conclusion.workload());
            one.put("verdict", conclusion.verdict());
            one.put("sentence", conclusion.sentence());
            conclusions.add(one);
        }
        json.put("conclusions", conclusions);
        return json;
    }

    private static Map<String, Object> complexity(Complexity complexity) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("placement", complexity.placement().id());
        json.put("variant", complexity.variant());
        json.put("lines", complexity.lines());
        json.put("locks", complexity.locks());
        json.put("settings", complexity.settings());
        json.put("failureModes", complexity.failureModes());
        Map<String, Object> uses = new LinkedHashMap<>();
        uses.put("lines", complexity.uses().lines());
        uses.put("locks", complexity.uses().locks());
        uses.put("settings", complexity.uses().settings());
        uses.put("failureModes", complexity.uses().failureModes());
        json.put("withShared", uses);
        json.put("unchargedLines", complexity.uncharged().lines());
        json.put("unchargedFailureModes", complexity.uncharged().failureModes());
        json.put(
                "shared",
                complexity.shared().stream()
                        .map(file -> Map.of("file", file.file(), "lines", file.lines(), "with", file.with()))
                        .toList());
        return json;
    }

    private static Map<String, Object> workload(Results results, Plan.Input input) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", input.name());
        json.put("question", input.question());
        json.put("sha256", input.sha256());
        json.put("recorded", input.recorded());
        json.put("notes", input.notes());
        results.rows().stream()
                .filter(row -> row.workload().equals(input.name()))
                .findFirst()
                .ifPresent(row -> json.put("trace", row.facts().json()));
        return json;
    }

    private static Map<String, Object> row(Row row) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("workload", row.workload());
        Grid.json(row.design()).forEach(json::put);
        json.put(
                "seeds",
                row.results().stream().map(result -> result.cell().seed()).toList());
        Map<String, Object> spreads = new LinkedHashMap<>();
        for (Metric metric : Metric.values()) {
            Spread spread = row.spread(metric);
            json.put(metric.id(), rounded(spread.mean()));
            Map<String, Object> one = new LinkedHashMap<>();
            one.put("min", rounded(spread.min()));
            one.put("max", rounded(spread.max()));
            one.put("standardDeviation", rounded(spread.deviation()));
            spreads.put(metric.id(), one);
        }
        json.put("spread", spreads);
        json.put("memory", memory(row));
        return json;
    }

    /** The largest owners, each with the mean over seeds of the most that it held. */
    private static List<Map<String, Object>> memory(Row row) {
        Map<String, Double> bytes = new TreeMap<>();
        for (CellResult result : row.results()) {
            for (Owner owner : result.measured().owners()) {
                bytes.merge(
                        owner.name(), (double) owner.peakBytes() / row.results().size(), Double::sum);
            }
        }
        return bytes.entrySet().stream()
                .filter(entry -> entry.getValue() > 0)
                .sorted(Map.Entry.<String, Double>comparingByValue(Comparator.reverseOrder())
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(OWNERS)
                .map(entry -> {
                    Map<String, Object> json = new LinkedHashMap<>();
                    json.put("owner", entry.getKey());
                    json.put("peakBytes", rounded(entry.getValue()));
                    return json;
                })
                .toList();
    }

    /** Six digits; a whole number without a point. */
    static Object rounded(double value) {
        double rounded = new BigDecimal(value).round(DIGITS).doubleValue();
        if (rounded == Math.rint(rounded) && Math.abs(rounded) < 1e15) {
            return (long) rounded;
        }
        return rounded;
    }
}
