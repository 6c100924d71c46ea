package jsgx.study.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;

/** Which eviction scheme a kernel's cache should have. */
final class SchemeQuestion implements Question {

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        Map<Scheme, Integer> best = new EnumMap<>(Scheme.class);
        for (String workload : results.workloads()) {
            List<Row> widest = List.of();
            for (long limit : results.limits()) {
                List<Row> schemes = schemes(results, workload, limit);
                if (schemes.size() > 1) {
                    rows.add(row(workload, limit, schemes));
                    widest = range(schemes) > range(widest) ? schemes : widest;
                }
            }
            if (!widest.isEmpty()) {
                each.add(conclusion(workload, widest, best));
            } else if (results.limits().stream()
                    .anyMatch(limit -> schemes(results, workload, limit).size() > 1)) {
                each.add(same(workload));
            }
        }
        List<String> columns = new ArrayList<>(List.of("workload, limit"));
        for (Scheme scheme : Scheme.values()) {
            columns.add(scheme.toString());
        }
        columns.add("Belady's optimum");
        return new Answer(
                "eviction",
                "Which eviction scheme?",
                List.of("Christopherson: limits bring up “the cache eviction scheme”."),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell("it takes two schemes of a kernel's cache"))
                        : Question.under(all(each, best), each),
                List.of(new Table(
                        "Hit ratio of a kernel's cache by scheme (nothing guaranteed to any workload); Belady's optimum in one place for all.",
                        columns,
                        rows)),
                plots(results));
    }

    private static List<Row> schemes(Results results, String workload, long limit) {
        List<Row> rows = results.rows(
                workload, design -> design.placement() == Placement.KERNEL && design.limitBytes() == limit);
        Charging charging = rows.stream().anyMatch(row -> row.design().charging() == Charging.SHARED) || rows.isEmpty()
                ? Charging.SHARED
                : rows.getFirst().design().charging();
        return rows.stream()
                .filter(row -> row.design().charging() == charging)
                .sorted(Comparator.comparingDouble((Row row) -> -row.mean(Metric.HIT_RATIO)))
                .toList();
    }

    private static double range(List<Row> best) {
        return best.isEmpty()
                ? 0
                : best.getFirst().mean(Metric.HIT_RATIO) - best.getLast().mean(Metric.HIT_RATIO);
    }

    private static Conclusion same(String workload) {
        return new Conclusion(workload, "no difference", workload + ": all schemes hit alike at every limit.");
    }

    private static Conclusion conclusion(String workload, List<Row> rows, Map<Scheme, Integer> best) {
        Row first = rows.getFirst();
        List<Row> top = new ArrayList<>();
        List<Row> rest = new ArrayList<>();
        boolean unknown = false;
        for (Row row : rows) {
            Verdict verdict = Comparison.of(Metric.HIT_RATIO, row, first).verdict();
            unknown |= verdict == Verdict.UNKNOWN;
            (verdict == Verdict.LESS ? rest : top).add(row);
        }
        String at = Say.bytes(first.design().limitBytes());
        if (unknown) {
            return new Conclusion(
                    workload,
                    "undecided",
                    "%s: at %s, where schemes differ most, undecided, as one seed has no spread (hit ratio %s to %s, Belady %s)."
                            .formatted(
                                    workload,
                                    at,
                                    Say.percent(rows.getLast().mean(Metric.HIT_RATIO)),
                                    Say.percent(first.mean(Metric.HIT_RATIO)),
                                    Say.percent(first.mean(Metric.OPTIMAL_HIT_RATIO))));
        }
        if (rest.isEmpty()) {
            return new Conclusion(
                    workload,
                    "no difference",
                    "%s: at %s, where schemes differ most, no difference beyond the spread (hit ratio %s to %s, Belady %s)."
                            .formatted(
                                    workload,
                                    at,
                                    Say.percent(rows.getLast().mean(Metric.HIT_RATIO)),
                                    Say.percent(first.mean(Metric.HIT_RATIO)),
                                    Say.percent(first.mean(Metric.OPTIMAL_HIT_RATIO))));
        }
        top.forEach(row -> best.merge(scheme(row.design()), 1, Integer::sum));
        Row last = rest.getLast();
        return new Conclusion(
                workload,
                String.join(
                        ", ",
                        top.stream()
                                .map(row -> scheme(row.design()).toString())
                                .sorted()
                                .toList()),
                "%s: at %s, where schemes differ most, %s %s most often (%s; Belady %s), %s least (%s)."
                        .formatted(
                                workload,
                                at,
                                Say.list(top, row -> scheme(row.design()).toString()),
                                top.size() == 1 ? "hits" : "hit",
                                Say.percent(first.mean(Metric.HIT_RATIO)),
                                Say.percent(first.mean(Metric.OPTIMAL_HIT_RATIO)),
                                scheme(last.design()),
                                Say.percent(last.mean(Metric.HIT_RATIO))));
    }

    private static Scheme scheme(Design design) {
        Scheme scheme = design.scheme();
        if (scheme == null) {
            throw new IllegalStateException("a kernel's cache has a scheme");
        }
        return scheme;
    }

    private static Conclusion all(List<Conclusion> each, Map<Scheme, Integer> best) {
        long differ = each.stream()
                .filter(one ->
                        !one.verdict().equals("no difference") && !one.verdict().equals("undecided"))
                .count();
        if (Question.undecided(each)) {
            return Question.nothingDecided(each);
        }
        if (best.isEmpty()) {
            return new Conclusion("", "no difference", "No workload tells the schemes apart beyond the spread.");
        }
        int most = best.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
        List<Scheme> winners = best.keySet().stream()
                .filter(scheme -> best.getOrDefault(scheme, 0) == most)
                .toList();
        return new Conclusion(
                "",
                Say.list(winners, Scheme::toString),
                "The scheme makes a difference beyond the spread in %s of %s workloads; %s %s among the best in %s of those, which none beats."
                        .formatted(
                                differ,
                                each.size(),
                                Say.list(winners, Scheme::toString),
                                winners.size() == 1 ? "is" : "are",
                                most == differ ? "all" : Integer.toString(most)));
    }

    private static List<String> row(String workload, long limit, List<Row> schemes) {
        List<String> row = new ArrayList<>();
        row.add(workload + ", " + Say.bytes(limit));
        for (Scheme scheme : Scheme.values()) {
            row.add(schemes.stream()
                    .filter(one -> one.design().scheme() == scheme)
                    .map(one -> Say.percent(one.mean(Metric.HIT_RATIO)))
                    .findFirst()
                    .orElse(""));
        }
        row.add(Say.percent(schemes.getFirst().mean(Metric.OPTIMAL_HIT_RATIO)));
        return row;
    }

    /** One picture: how far from Belady each scheme stays, over all workloads, where memory is shortest. */
    private static List<Plot> plots(Results results) {
        if (results.limits().isEmpty()) {
            return List.of();
        }
        long limit = results.limits().getFirst();
        List<String> places = new ArrayList<>();
        List<Spread> points = new ArrayList<>();
        for (Scheme scheme : Scheme.values()) {
            List<Double> distances = new ArrayList<>();
            for (String workload : results.workloads()) {
                for (Row row : schemes(results, workload, limit)) {
                    if (row.design().scheme() == scheme) {
                        distances.add(100 * (row.mean(Metric.OPTIMAL_HIT_RATIO) - row.mean(Metric.HIT_RATIO)));
                    }
                }
            }
            if (!distances.isEmpty()) {
                places.add(scheme.toString());
                points.add(Spread.of(distances));
            }
        }
        return points.size() < 2
                ? List.of()
                : List.of(new Plot(
                        Kind.BARS,
                        "Distance to Belady's optimum at " + Say.bytes(limit),
                        "Points of hit ratio that a scheme stays below Belady's optimum: the mean of all workloads, with lines from the least to the most of them.",
                        "scheme",
                        "points",
                        places,
                        List.of(new Series("kernel", Style.KERNEL, points)),
                        false,
                        0,
                        Double.NaN));
    }
}
