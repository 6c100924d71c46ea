package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.launch.governor.Placement;
import jsgx.study.design.Knowledge;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;
import org.jspecify.annotations.Nullable;

/** Pictures of a figure against the limit, a line for each placement. */
final class LimitPlots {

    private LimitPlots() {}

    /** Which placements a picture has. */
    record Line(String name, Placement placement, Knowledge knowledge, Style style) {}

    static final Line NONE = new Line("none", Placement.NONE, Knowledge.NONE, Style.NONE);
    static final Line KERNEL = new Line("kernel", Placement.KERNEL, Knowledge.NONE, Style.KERNEL);
    static final Line USER = new Line("user", Placement.USER, Knowledge.NONE, Style.USER);
    static final Line INFORMED =
            new Line("user, last launch known", Placement.USER, Knowledge.LAST_LAUNCH, Style.INFORMED);
    static final Line BOTH = new Line("both", Placement.BOTH, Knowledge.NONE, Style.BOTH);

    /** The hit ratio, with what Belady's optimum would have in one place for all. */
    static Plot hitRatio(Results results, String workload) {
        List<Series> series = lines(results, workload, Metric.HIT_RATIO, List.of(KERNEL, USER, INFORMED, BOTH));
        List<Spread> optimum = new ArrayList<>();
        for (long limit : results.limits()) {
            Row row = results.standing(workload, Placement.KERNEL, limit);
            row = row == null ? results.standing(workload, Placement.USER, limit) : row;
            row = row == null ? results.standing(workload, Placement.BOTH, limit) : row;
            optimum.add(row == null ? Plot.NOTHING : row.spread(Metric.OPTIMAL_HIT_RATIO));
        }
        series.add(new Series("Belady's optimum", Style.OPTIMUM, optimum));
        return new Plot(
                Kind.LINES,
                workload + ": hit ratio",
                "Hit ratio against the limit by placement, beneath Belady's optimum with the same bytes in one place; bars reach from the least to the most of all seeds.",
                "limit",
                "hit ratio",
                places(results),
                series,
                false,
                0,
                1);
    }

    /** How often launch enclaves are asked. */
    static Plot calls(Results results, String workload) {
        return new Plot(
                Kind.LINES,
                workload + ": launch enclave calls",
                "Requests to launch enclaves against the limit by placement.",
                "limit",
                "calls",
                places(results),
                lines(results, workload, Metric.LE_CALLS, List.of(NONE, KERNEL, USER, BOTH)),
                true,
                0,
                Double.NaN);
    }

    static List<String> places(Results results) {
        return results.limits().stream().map(limit -> Say.bytes(limit)).toList();
    }

    private static List<Series> lines(Results results, String workload, Metric metric, List<Line> lines) {
        List<Series> series = new ArrayList<>();
        for (Line line : lines) {
            List<Spread> points = new ArrayList<>();
            boolean any = false;
            for (long limit : results.limits()) {
                @Nullable Row row = results.standing(workload, line.placement(), limit, line.knowledge());
                points.add(row == null ? Plot.NOTHING : row.spread(metric));
                any |= row != null;
            }
            if (any) {
                series.add(new Series(line.name(), line.style(), points));
            }
        }
        return series;
    }
}
