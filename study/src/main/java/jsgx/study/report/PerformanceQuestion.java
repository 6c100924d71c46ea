package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Knowledge;
import jsgx.study.report.LimitVerdicts.At;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;
import org.jspecify.annotations.Nullable;

/** Who launches faster, with one application or with many. */
final class PerformanceQuestion implements Question {

    private static final List<Placement> ORDER =
            List.of(Placement.NONE, Placement.KERNEL, Placement.USER, Placement.BOTH);
    private static final List<Metric> PERCENTILES = List.of(Metric.P50, Metric.P99, Metric.P999);

    private final boolean one;

    private PerformanceQuestion(boolean one) {
        this.one = one;
    }

    static PerformanceQuestion oneApplication() {
        return new PerformanceQuestion(true);
    }

    static PerformanceQuestion manyApplications() {
        return new PerformanceQuestion(false);
    }

    @Override
    public Answer answer(Results results) {
        Predicate<Row> which = row -> (row.facts().workloads() == 1) == one;
        List<Conclusion> each = new ArrayList<>();
        List<LimitVerdicts> verdicts = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<Plot> plots = new ArrayList<>();
        for (String workload : results.workloads(which)) {
            compare(results, workload, each, verdicts, rows);
            plot(results, workload, plots);
        }
        return new Answer(
                one ? "one-application" : "many-workloads",
                one
                        ? "Who performs better for one application?"
                        : "Who performs better for many workloads that have nothing to do with each other?",
                one
                        ? List.of(
                                "Christopherson: “Deferring to userspace is less complex and likely more performant.”")
                        : List.of(
                                "Sakkinen: “especially if you are making that for systems running multiple independent workloads and not just a single application”; “Leaving caching decisions to the kernel also gives more freedoms to do global decisions.”",
                                "Christopherson: “Userspace caching can likely provide better performance because the user/application knows the usage model and life expectancy of its tokens.”"),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell(one ? "none has one application only" : "none has several"))
                        : Question.under(all(each, Sides.of(verdicts)), each),
                List.of(new Table(
                        "Mean time of a launch by placement, and percentile 99; ± is the standard deviation over seeds. Designs have "
                                + "the scheme and the charging rule that launch has by itself, and user space knows nothing.",
                        List.of(
                                "workload, limit",
                                "none",
                                "kernel",
                                "user",
                                "both",
                                "p99 none",
                                "p99 kernel",
                                "p99 user",
                                "p99 both"),
                        rows)),
                plots);
    }

    private Conclusion all(List<Conclusion> each, Sides sides) {
        if (sides.nothing() && sides.undecided() > 0) {
            return Question.nothingDecided(each);
        }
        String caution = sides.undecided() > 0 ? " as far as it is decided" : "";
        String right;
        if (sides.second() && !sides.first()) {
            right = (sides.secondMostly()
                            ? "Christopherson was right: user space is faster somewhere, and nowhere is the kernel faster"
                            : "Christopherson was right at few limits only: nowhere is the kernel faster, and hardly anywhere is user space")
                    + caution;
        } else if (sides.first() && !sides.second()) {
            right = (one ? "Christopherson was not right" : "Sakkinen's doubt was right")
                    + (sides.firstMostly()
                            ? ": the kernel is faster somewhere, and nowhere is user space faster"
                            : " at few limits only: nowhere is user space faster, and hardly anywhere is the kernel")
                    + caution;
        } else if (sides.first()) {
            right = one ? "Each is faster somewhere" : "Each was right somewhere";
        } else {
            right = "Neither is faster anywhere beyond the spread";
        }
        return new Conclusion(
                "",
                sides.verdict("kernel", "user space"),
                right + ", with the same memory in all places together. By workload: " + LimitVerdicts.tally(each)
                        + ".");
    }

    private static void compare(
            Results results,
            String workload,
            List<Conclusion> conclusions,
            List<LimitVerdicts> verdicts,
            List<List<String>> rows) {
        List<At> means = new ArrayList<>();
        List<At> tails = new ArrayList<>();
        for (long limit : results.limits()) {
            Row kernel = results.standing(workload, Placement.KERNEL, limit);
            Row user = results.standing(workload, Placement.USER, limit);
            if (kernel != null && user != null) {
                means.add(new At(limit, Comparison.of(Metric.MEAN, kernel, user)));
                tails.add(new At(limit, Comparison.of(Metric.P99, kernel, user)));
            }
            rows.add(row(results, workload, limit));
        }
        if (means.isEmpty()) {
            return;
        }
        LimitVerdicts mean = new LimitVerdicts("kernels' caches", "user space's stores", means, results.limits());
        LimitVerdicts tail = new LimitVerdicts("kernels' caches", "user space's stores", tails, results.limits());
        String sentence = workload + ": " + mean.faster();
        if (contradicts(mean, tail)) {
            sentence += "; for one launch in a hundred it is otherwise: " + tail.faster();
        }
        verdicts.add(mean);
        conclusions.add(new Conclusion(workload, mean.verdict("kernel", "user space"), sentence + "."));
    }

    /** Whether the slowest launches say the opposite of the mean at some limit. */
    private static boolean contradicts(LimitVerdicts mean, LimitVerdicts tail) {
        return mean.limits(Verdict.LESS).stream().anyMatch(tail.limits(Verdict.MORE)::contains)
                || mean.limits(Verdict.MORE).stream().anyMatch(tail.limits(Verdict.LESS)::contains);
    }

    private static List<String> row(Results results, String workload, long limit) {
        List<String> row = new ArrayList<>();
        row.add(workload + ", " + Say.bytes(limit));
        for (Metric metric : List.of(Metric.MEAN, Metric.P99)) {
            for (Placement placement : ORDER) {
                Row standing = results.standing(workload, placement, limit);
                row.add(standing == null ? "" : cell(standing.spread(metric)));
            }
        }
        return row;
    }

    private static String cell(Spread spread) {
        return Say.micros(spread.mean()) + (spread.seeds() > 1 ? " ± " + Say.micros(spread.deviation()) : "");
    }

    private static void plot(Results results, String workload, List<Plot> plots) {
        List<Long> limits = results.limits();
        if (limits.isEmpty()) {
            return;
        }
        long limit = limits.get(limits.size() / 2);
        List<Series> series = new ArrayList<>();
        percentiles(series, "none", Style.NONE, results.standing(workload, Placement.NONE, limit));
        percentiles(series, "kernel", Style.KERNEL, results.standing(workload, Placement.KERNEL, limit));
        percentiles(series, "user", Style.USER, results.standing(workload, Placement.USER, limit));
        percentiles(
                series,
                "user, last launch known",
                Style.INFORMED,
                results.standing(workload, Placement.USER, limit, Knowledge.LAST_LAUNCH));
        percentiles(series, "both", Style.BOTH, results.standing(workload, Placement.BOTH, limit));
        plots.add(new Plot(
                Kind.LINES,
                workload + ": latency at " + Say.bytes(limit),
                "Percentiles 50, 99 and 99.9 of the time of a launch by placement; bars reach from the least to the most of all seeds.",
                "percentile",
                "µs",
                List.of("50", "99", "99.9"),
                series,
                true,
                0,
                Double.NaN));
    }

    private static void percentiles(List<Series> series, String name, Style style, @Nullable Row row) {
        if (row != null) {
            series.add(new Series(
                    name, style, PERCENTILES.stream().map(row::spread).toList()));
        }
    }
}
