package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;
import jsgx.study.run.Plan;

/** A study as one HTML page that needs nothing but itself: no script, no font, no picture from elsewhere. */
public final class HtmlReport {

    private static final String STYLE = """
            :root { color-scheme: light; }
            body { font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; color: #1a1a1a; background: #fff;
              margin: 0 auto; padding: 1.5rem; max-width: 76rem; }
            h1 { line-height: 1.2; margin-bottom: .2rem; }
            h2 { margin-top: 2.6rem; border-top: 2px solid #1a1a1a; padding-top: .8rem; line-height: 1.25; }
            p, ul, ol, blockquote { max-width: 52rem; }
            blockquote { margin: .4rem 0; padding-left: .9rem; border-left: 3px solid #999; color: #444; font-size: .93rem; }
            .first { font-size: 1.08rem; font-weight: 600; }
            .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(22rem, 100%), 1fr)); gap: 1rem 1.2rem; }
            figure { margin: 0; break-inside: avoid; min-width: 0; }
            figure.wide { grid-column: 1 / -1; max-width: 46rem; }
            figcaption { font-weight: 600; font-size: .93rem; }
            svg { width: 100%; height: auto; display: block; font-family: inherit; }
            svg .grid { stroke: #ddd; } svg .axis { stroke: #333; }
            svg .tick { font-size: 11px; fill: #333; } svg .label { font-size: 12px; fill: #333; } svg .key { font-size: 12px; fill: #1a1a1a; }
            .table { overflow-x: auto; }
            table { border-collapse: collapse; font-size: .84rem; margin: .5rem 0; min-width: min(100%, 28rem); font-variant-numeric: tabular-nums; }
            caption { text-align: left; font-size: .9rem; color: #333; padding-bottom: .3rem; max-width: min(52rem, 100vw - 3rem); }
            th, td { padding: .16rem .6rem; text-align: right; border-bottom: 1px solid #e2e2e2; white-space: nowrap; }
            thead th { white-space: normal; }
            th:first-child, td:first-child { text-align: left; }
            thead th { border-bottom: 2px solid #666; vertical-align: bottom; }
            tbody th { font-weight: 400; }
            details { margin: .3rem 0; } summary { cursor: pointer; color: #0b5394; font-size: .9rem; }
            @media screen { figure.wide { overflow-x: auto; } figure.wide > svg { min-width: 32rem; } }
            @media print {
              body { max-width: none; padding: 0; font-size: 10.5pt; }
              h2, blockquote, .first, figcaption, caption { break-after: avoid; } tr { break-inside: avoid; } summary { list-style: none; color: #333; }
              details::details-content { display: block; content-visibility: visible; }
              .plots { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); } .table { overflow: visible; } table { font-size: 7.5pt; }
              th, td { padding: .1rem .3rem; } figure table { font-size: 6.5pt; } figure td { white-space: normal; }
            }
            """;

    private final Results results;
    private final List<Answer> answers;
    private final StringBuilder html = new StringBuilder();
    private int plots;

    private HtmlReport(Results results, List<Answer> answers) {
        this.results = results;
        this.answers = answers;
    }

    /** The page. */
    public static String of(Results results, List<Answer> answers) {
        return new HtmlReport(results, answers).write();
    }

    private String write() {
        Plan plan = results.plan();
        html.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")
                .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")
                .append(
                        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n")
                .append("<title>Where should launch tokens be kept?</title>\n<style>\n")
                .append(STYLE)
                .append("</style>\n</head>\n<body>\n");
        tag("h1", "Where should launch tokens be kept?");
        tag(
                "p",
                "The question of a thread of December 2017 between Jarkko Sakkinen and Sean Christopherson, answered by running %s designs under %s workloads with %s each. jsgx %s."
                        .formatted(
                                plan.designs().size(),
                                plan.workloads().size(),
                                plan.seeds().size() == 1
                                        ? "one seed"
                                        : plan.seeds().size() + " seeds",
                                plan.version()));
        if (results.finished() < plan.size()) {
            html.append("<p><strong>")
                    .append(Html.escape("Unfinished: %s of %s cells. What is below is drawn from those."
                            .formatted(results.finished(), plan.size())))
                    .append("</strong></p>\n");
        }
        reading();
        answers.forEach(this::answer);
        workloads(plan);
        costs(plan.costs());
        html.append("</body>\n</html>\n");
        return html.toString();
    }

    private void reading() {
        tag("h2", "In short");
        html.append("<ul>\n");
        answers.forEach(answer -> html.append("<li><a href=\"#%s\">%s</a> %s</li>\n"
                .formatted(
                        Html.escape(answer.id()),
                        Html.escape(answer.question()),
                        Html.escape(answer.conclusions().getFirst().sentence()))));
        html.append("</ul>\n");
        tag(
                "p",
                "How to read this: a placement says where tokens are kept: none (the launch enclave is asked each time, as in the v5 driver), kernel, user (space), or both. "
                        + "All places of a design together hold no more than its limit. “No difference beyond the spread” means that the 95% confidence interval of the difference, "
                        + "seed by seed, includes none, or that it is too small to matter: 1% of a time, half a point of hit ratio. "
                        + "In plots lines only lead the eye from point to point, and bars reach from the least to the most of all seeds.");
    }

    private void answer(Answer answer) {
        html.append("<section>\n<h2 id=\"%s\">%s</h2>\n"
                .formatted(Html.escape(answer.id()), Html.escape(answer.question())));
        answer.claims().forEach(claim -> tag("blockquote", claim));
        List<Conclusion> conclusions = answer.conclusions();
        html.append("<p class=\"first\">")
                .append(Html.escape(conclusions.getFirst().sentence()))
                .append("</p>\n");
        if (conclusions.size() > 1) {
            html.append("<ul>\n");
            conclusions.stream().skip(1).forEach(conclusion -> tag("li", conclusion.sentence()));
            html.append("</ul>\n");
        }
        if (!answer.plots().isEmpty()) {
            html.append("<div class=\"plots\">\n");
            answer.plots().forEach(this::plot);
            html.append("</div>\n");
        }
        answer.tables().stream().filter(table -> !table.rows().isEmpty()).forEach(this::table);
        html.append("</section>\n");
    }

    private void plot(Plot plot) {
        String svg = Svg.of(plot, "plot" + ++plots);
        html.append("<figure%s>\n<figcaption>%s</figcaption>\n"
                .formatted(svg.contains("class=\"wide\"") ? " class=\"wide\"" : "", Html.escape(plot.title())));
        html.append(svg).append("<details><summary>The same as a table</summary>\n");
        List<String> columns = new ArrayList<>(List.of(plot.horizontal().isEmpty() ? "of" : plot.horizontal()));
        plot.series().forEach(series -> columns.add(series.name() + ", " + plot.vertical()));
        List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < plot.places().size(); i++) {
            List<String> row = new ArrayList<>(List.of(plot.places().get(i)));
            for (Plot.Series series : plot.series()) {
                Spread point = series.points().get(i);
                row.add(
                        Double.isNaN(point.mean())
                                ? ""
                                : point.max() > point.min()
                                        ? "%s (%s to %s)"
                                                .formatted(
                                                        figure(point.mean()), figure(point.min()), figure(point.max()))
                                        : figure(point.mean()));
            }
            rows.add(row);
        }
        table(new Table(plot.description(), columns, rows));
        html.append("</details>\n</figure>\n");
    }

    private static String figure(double value) {
        return Math.abs(value) <= 1 && value != Math.rint(value) ? Say.decimal(value, 3) : Say.count(value);
    }

    private void table(Table table) {
        html.append("<div class=\"table\"><table>\n<caption>%s</caption>\n<thead><tr>"
                .formatted(Html.escape(table.caption())));
        table.columns().forEach(column -> html.append("<th scope=\"col\">%s</th>".formatted(Html.escape(column))));
        html.append("</tr></thead>\n<tbody>\n");
        for (List<String> row : table.rows()) {
            html.append("<tr><th scope=\"row\">%s</th>".formatted(Html.escape(row.getFirst())));
            row.stream().skip(1).forEach(cell -> html.append("<td>%s</td>".formatted(Html.escape(cell))));
            html.append("</tr>\n");
        }
        html.append("</tbody>\n</table></div>\n");
    }

    private void workloads(Plan plan) {
        tag("h2", "The workloads");
        List<List<String>> rows = new ArrayList<>();
        for (Plan.Input input : plan.workloads()) {
            results.rows().stream()
                    .filter(row -> row.workload().equals(input.name()))
                    .findFirst()
                    .ifPresent(row -> rows.add(List.of(
                            input.name(),
                            Say.count(row.facts().launches()),
                            Say.count(row.facts().workloads()),
                            Say.count(row.facts().machines()),
                            Say.count(row.facts().packages()),
                            Say.count(row.facts().enclaves()),
                            Say.count(row.facts().reboots() + row.facts().migrations()),
                            Say.count(row.facts().rotations() + row.facts().microcodes()),
                            Say.count(row.facts().revocations()))));
        }
        html.append("<dl>\n");
        plan.workloads().forEach(input -> {
            html.append("<dt><strong>%s</strong></dt><dd>%s</dd>\n"
                    .formatted(Html.escape(input.name()), Html.escape(input.question())));
            if (input.recorded()) {
                tag("dd", "A recording: every seed runs the same launches, which are one sample.");
            }
            input.notes().forEach(note -> tag("dd", Say.capital(note) + "."));
        });
        html.append("</dl>\n");
        table(new Table(
                "What their traces have, for the first seed.",
                List.of(
                        "workload",
                        "launches",
                        "applications",
                        "machines",
                        "packages",
                        "enclaves",
                        "reboots, migrations",
                        "rotations, microcode",
                        "revocations"),
                rows));
    }

    private void costs(Costs costs) {
        tag("h2", "What each step costs");
        tag("p", "Measured on: " + costs.machine() + ". Launches do not contend for processors in this study.");
        List<List<String>> rows = new ArrayList<>();
        for (Step step : Step.values()) {
            long[] times = costs.times(step);
            rows.add(List.of(
                    step.toString(),
                    Say.micros(times[times.length / 10] / 1e3),
                    Say.micros(costs.median(step) / 1e3),
                    Say.micros(times[times.length - 1 - times.length / 10] / 1e3),
                    spread(costs, step)));
        }
        table(new Table(
                "Times of each step: below the first are one in ten, below the second half, above the third one in ten. The spread is the greatest median of a part of the measurement against the least: 1 on a machine with nothing else to do.",
                List.of("step", "10%", "50%", "90%", "spread"),
                rows));
    }

    /** Empty where nobody measured it. */
    private static String spread(Costs costs, Step step) {
        Double spread = costs.spread().get(step);
        return spread == null ? "" : Say.times(spread);
    }

    private void tag(String name, String text) {
        html.append("<%s>%s</%s>\n".formatted(name, Html.escape(text), name));
    }
}
