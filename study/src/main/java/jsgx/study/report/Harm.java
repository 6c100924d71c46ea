package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Charging;
import jsgx.study.design.Knowledge;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;
import org.jspecify.annotations.Nullable;

/** What the worst-off workload suffers from the others, by the rule that divides the memory. */
final class Harm {

    private Harm() {}

    /** A way to divide: a charging rule of the kernel's cache, or user space's own budgets. */
    record Rule(String name, Placement placement, Charging charging, Style style) {}

    static final List<Rule> RULES = List.of(
            new Rule("kernel, shared", Placement.KERNEL, Charging.SHARED, Style.KERNEL),
            new Rule("kernel, floors", Placement.KERNEL, Charging.FLOORS, Style.FLOORS),
            new Rule("kernel, ceilings", Placement.KERNEL, Charging.CEILINGS, Style.CEILINGS),
            new Rule("user space's own", Placement.USER, Charging.OWN, Style.USER));

    /** The row of a rule, with the scheme that launch has by itself or else the first. */
    static @Nullable Row row(Results results, String workload, Rule rule, long limit) {
        List<Row> rows = results.rows(
                workload,
                design -> design.placement() == rule.placement()
                        && design.limitBytes() == limit
                        && design.charging() == rule.charging()
                        && design.knowledge() == Knowledge.NONE);
        return rows.stream()
                .filter(row -> row.design().scheme() == Scheme.W_TINY_LFU)
                .findFirst()
                .orElse(rows.isEmpty() ? null : rows.getFirst());
    }

    static Table table(Results results, List<String> workloads) {
        List<String> columns = new ArrayList<>(List.of("workload, limit"));
        RULES.forEach(rule -> columns.add("slowdown: " + rule.name()));
        RULES.forEach(rule -> columns.add("fairness: " + rule.name()));
        RULES.forEach(rule -> columns.add("hits: " + rule.name()));
        List<List<String>> rows = new ArrayList<>();
        for (String workload : workloads) {
            for (long limit : results.limits()) {
                List<String> row = new ArrayList<>(List.of(workload + ", " + Say.bytes(limit)));
                for (Metric metric : List.of(Metric.WORST_SLOWDOWN, Metric.FAIRNESS, Metric.HIT_RATIO)) {
                    for (Rule rule : RULES) {
                        Row one = row(results, workload, rule, limit);
                        row.add(
                                one == null
                                        ? ""
                                        : metric == Metric.HIT_RATIO
                                                ? Say.percent(one.mean(metric))
                                                : Say.decimal(one.mean(metric), 2));
                    }
                }
                rows.add(row);
            }
        }
        return new Table(
                "The worst-off workload's slowdown against running alone (an attacker's own does not count), Jain's fairness index, and the hit ratio of all, by the rule that divides the memory.",
                columns,
                rows);
    }

    /** The worst slowdown of each workload where memory is shortest. */
    static Plot plot(Results results, List<String> workloads, String title) {
        long limit = results.limits().getFirst();
        List<Series> series = new ArrayList<>();
        for (Rule rule : RULES) {
            List<Spread> points = new ArrayList<>();
            boolean any = false;
            for (String workload : workloads) {
                Row row = row(results, workload, rule, limit);
                points.add(row == null ? Plot.NOTHING : row.spread(Metric.WORST_SLOWDOWN));
                any |= row != null;
            }
            if (any) {
                series.add(new Series(rule.name(), rule.style(), points));
            }
        }
        return new Plot(
                Kind.BARS,
                title + " at " + Say.bytes(limit),
                "How many times as long the launches of the worst-off workload take as when it runs alone, by the rule that divides the memory; 1 is not at all slower. Lines reach from the least to the most of all seeds.",
                "workload",
                "slowdown",
                workloads,
                series,
                false,
                0,
                Double.NaN);
    }

    /** What the rules come to for a workload where memory is shortest; null where there are not two of them. */
    static @Nullable Conclusion conclusion(Results results, String workload) {
        long limit = results.limits().getFirst();
        List<Row> rows = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Rule rule : RULES) {
            Row row = row(results, workload, rule, limit);
            if (row != null) {
                rows.add(row);
                names.add(rule.name());
            }
        }
        if (rows.size() < 2) {
            return null;
        }
        int best = 0;
        int worst = 0;
        for (int i = 1; i < rows.size(); i++) {
            best = slowdown(rows.get(i)) < slowdown(rows.get(best)) ? i : best;
            worst = slowdown(rows.get(i)) > slowdown(rows.get(worst)) ? i : worst;
        }
        Row mildest = rows.get(best);
        String at = workload + ": at " + Say.bytes(limit) + " ";
        Verdict differ =
                Comparison.of(Metric.WORST_SLOWDOWN, mildest, rows.get(worst)).verdict();
        if (differ == Verdict.UNKNOWN) {
            return new Conclusion(workload, "undecided", at + "undecided, as one seed has no spread.");
        }
        if (differ != Verdict.LESS) {
            return new Conclusion(
                    workload,
                    "no difference",
                    at
                            + "no rule protects the worst-off workload more than another beyond the spread (slowdown %s to %s)."
                                    .formatted(Say.times(slowdown(mildest)), Say.times(slowdown(rows.get(worst)))));
        }
        List<String> mild = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            if (Comparison.of(Metric.WORST_SLOWDOWN, rows.get(i), mildest).verdict() != Verdict.MORE) {
                mild.add(names.get(i));
            }
        }
        return new Conclusion(
                workload,
                String.join("; ", mild),
                at
                        + "the worst-off workload is slowed down %s times under “%s” and %s times under “%s”%s; %s."
                                .formatted(
                                        Say.times(slowdown(rows.get(worst))),
                                        names.get(worst),
                                        Say.times(slowdown(mildest)),
                                        names.get(best),
                                        mild.size() > 1
                                                ? " (no worse beyond the spread: "
                                                        + Say.list(mild.stream()
                                                                .filter(name ->
                                                                        !name.equals(names.get(rows.indexOf(mildest))))
                                                                .map(name -> "“" + name + "”")
                                                                .toList())
                                                        + ")"
                                                : "",
                                        price(mildest, rows.get(worst))));
    }

    private static String price(Row mildest, Row harshest) {
        Comparison hits = Comparison.of(Metric.HIT_RATIO, mildest, harshest);
        return switch (hits.verdict()) {
            case LESS -> "that costs " + Say.points(hits.difference()) + " of hit ratio in all";
            case MORE -> "it even gains " + Say.points(hits.difference()) + " of hit ratio in all";
            case SAME, UNKNOWN -> "the hit ratio in all stays as it is";
        };
    }

    private static double slowdown(Row row) {
        return row.mean(Metric.WORST_SLOWDOWN);
    }
}
