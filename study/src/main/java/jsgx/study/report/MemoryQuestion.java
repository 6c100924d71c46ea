package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.governor.Placement;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import org.jspecify.annotations.Nullable;

/** Whose memory tokens take: what of the limit is used, and by kernels or by user space. */
final class MemoryQuestion implements Question {

    private static final List<LimitPlots.Line> LINES =
            List.of(LimitPlots.KERNEL, LimitPlots.USER, LimitPlots.INFORMED, LimitPlots.BOTH);

    @Override
    public Answer answer(Results results) {
        List<Conclusion> each = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        List<String> workloads = results.limits().isEmpty() ? List.of() : results.workloads();
        for (String workload : workloads) {
            long limit = results.limits().getLast();
            for (long one : results.limits()) {
                List<String> row = new ArrayList<>(List.of(workload + ", " + Say.bytes(one)));
                for (LimitPlots.Line line : LINES) {
                    @Nullable Row standing = results.standing(workload, line.placement(), one, line.knowledge());
                    row.add(standing == null ? "" : held(standing));
                }
                rows.add(row);
            }
            @Nullable Row kernel = results.standing(workload, Placement.KERNEL, limit);
            @Nullable Row user = results.standing(workload, Placement.USER, limit);
            if (kernel != null && user != null) {
                each.add(conclusion(workload, limit, kernel, user));
            }
        }
        List<String> columns = new ArrayList<>(List.of("workload, limit"));
        LINES.forEach(line -> columns.add(line.name()));
        return new Answer(
                "memory",
                "Whose memory do tokens take, and how much?",
                List.of("Christopherson: user space can decide “how much memory to dedicate to caching tokens”."),
                each.isEmpty()
                        ? List.of(Question.nobodyCanTell("not both placements were run"))
                        : Question.under(all(each), each),
                List.of(new Table(
                        "The most that kernels' caches and user space's stores held, each owner's most added up; with both, what workloads are charged for in either.",
                        columns,
                        rows)),
                workloads.isEmpty() ? List.of() : List.of(plot(results, workloads)));
    }

    private static String held(Row row) {
        return Say.bytes(Math.round(row.mean(Metric.HELD_BYTES)));
    }

    private static Conclusion conclusion(String workload, long limit, Row kernel, Row user) {
        Comparison bytes = Comparison.of(Metric.HELD_BYTES, kernel, user);
        return new Conclusion(
                workload,
                switch (bytes.verdict()) {
                    case LESS -> "kernel";
                    case MORE -> "user space";
                    case SAME -> "no difference";
                    case UNKNOWN -> "undecided";
                },
                "%s: with room for %s kernels hold %s at most and user space %s%s."
                        .formatted(
                                workload,
                                Say.bytes(limit),
                                Say.bytes(Math.round(bytes.first())),
                                Say.bytes(Math.round(bytes.second())),
                                switch (bytes.verdict()) {
                                    case LESS -> "; kernels need less";
                                    case MORE -> "; user space needs less";
                                    case SAME -> ": no difference beyond the spread";
                                    case UNKNOWN -> "; undecided, as one seed has no spread";
                                }));
    }

    private static Conclusion all(List<Conclusion> each) {
        List<String> verdicts =
                each.stream().map(Conclusion::verdict).distinct().toList();
        return new Conclusion(
                "",
                verdicts.size() == 1 ? verdicts.getFirst() : "depends on the workload",
                "Who needs less memory at the largest limit, by workload: " + LimitVerdicts.tally(each) + ".");
    }

    private static Plot plot(Results results, List<String> workloads) {
        long limit = results.limits().getLast();
        List<Series> series = new ArrayList<>();
        for (LimitPlots.Line line : List.of(LimitPlots.KERNEL, LimitPlots.USER, LimitPlots.BOTH)) {
            List<Spread> points = new ArrayList<>();
            boolean any = false;
            for (String workload : workloads) {
                @Nullable Row row = results.standing(workload, line.placement(), limit);
                points.add(
                        row == null
                                ? Plot.NOTHING
                                : Spread.of(row.results().stream()
                                        .map(one -> Metric.HELD_BYTES.of(one) / 1024)
                                        .toList()));
                any |= row != null;
            }
            if (any) {
                series.add(new Series(line.name(), line.style(), points));
            }
        }
        return new Plot(
                Kind.BARS,
                "Memory that tokens take at most, of " + Say.bytes(limit),
                "The most that kernels' caches and user space's stores held, by placement and workload.",
                "workload",
                "KiB",
                workloads,
                series,
                false,
                0,
                Double.NaN);
    }
}
