package jsgx.study.report;

import java.util.List;
import java.util.Locale;
import jsgx.study.report.Plot.Kind;
import jsgx.study.report.Plot.Marker;
import jsgx.study.report.Plot.Series;
import jsgx.study.report.Plot.Style;

/** A plot as an SVG element for an HTML page: text stays text, and nothing is loaded from elsewhere. */
final class Svg {

    private static final double LEFT = 64;
    private static final double TOP = 12;
    private static final double PLOT_HEIGHT = 190;
    private static final double LEGEND_LINE = 18;
    private static final double CHARACTER = 6.4;

    private final Plot plot;
    private final String id;
    private final Axis axis;
    private final double width;
    private final boolean slanted;
    private final StringBuilder svg = new StringBuilder();

    private Svg(Plot plot, String id) {
        this.plot = plot;
        this.id = id;
        this.axis = Axis.of(plot);
        int places = plot.places().size();
        int longest = plot.places().stream().mapToInt(String::length).max().orElse(0);
        this.width = plot.kind() == Kind.LINES || places * plot.series().size() <= 8 ? 400 : 720;
        this.slanted = longest * CHARACTER > step() - 4;
    }

    /** The element; its id is one that the page has nowhere else. */
    static String of(Plot plot, String id) {
        return new Svg(plot, id).draw();
    }

    private double step() {
        return (width - LEFT - 12) / Math.max(1, plot.places().size());
    }

    private double x(double place) {
        return LEFT + (place + 0.5) * step();
    }

    private double y(double value) {
        return TOP + PLOT_HEIGHT * (1 - axis.part(value));
    }

    private String draw() {
        int longest = plot.places().stream().mapToInt(String::length).max().orElse(0);
        double below = slanted ? Math.min(110, longest * CHARACTER * 0.6 + 14) : 18;
        double legendTop = TOP + PLOT_HEIGHT + below + (plot.horizontal().isEmpty() ? 6 : 22);
        int perLine = perLine();
        int legendLines = (plot.series().size() + perLine - 1) / perLine;
        double height = legendTop + legendLines * LEGEND_LINE + 4;
        add(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %s %s\" role=\"img\" aria-labelledby=\"%s-t %s-d\" class=\"%s\">"
                        .formatted(number(width), number(height), id, id, width > 400 ? "wide" : "small"));
        add("<title id=\"%s-t\">%s</title><desc id=\"%s-d\">%s</desc>"
                .formatted(id, Html.escape(plot.title()), id, Html.escape(plot.description())));
        grid();
        for (int i = 0; i < plot.places().size(); i++) {
            place(i);
        }
        if (!plot.horizontal().isEmpty()) {
            text(LEFT + (width - LEFT) / 2, TOP + PLOT_HEIGHT + below + 14, "middle", plot.horizontal(), "label");
        }
        add("<text class=\"label\" text-anchor=\"middle\" transform=\"translate(13 %s) rotate(-90)\">%s</text>"
                .formatted(
                        number(TOP + PLOT_HEIGHT / 2),
                        Html.escape(plot.vertical() + (plot.logarithmic() ? " (log)" : ""))));
        for (int i = 0; i < plot.series().size(); i++) {
            if (plot.kind() == Kind.LINES) {
                line(plot.series().get(i), i);
            } else {
                bars(plot.series().get(i), i);
            }
        }
        legend(legendTop, perLine);
        add("</svg>");
        return svg.toString();
    }

    private void grid() {
        for (double tick : axis.ticks()) {
            add("<line class=\"grid\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                    .formatted(number(LEFT), number(width - 12), number(y(tick)), number(y(tick))));
            text(LEFT - 6, y(tick) + 4, "end", axis.name(tick), "tick");
        }
        add("<line class=\"axis\" x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\"/>"
                .formatted(number(LEFT), number(width - 12), number(TOP + PLOT_HEIGHT), number(TOP + PLOT_HEIGHT)));
    }

    private void place(int place) {
        String name = plot.places().get(place);
        if (slanted) {
            String shown = name.length() > 26 ? name.substring(0, 25) + "…" : name;
            add("<text class=\"tick\" text-anchor=\"end\" transform=\"translate(%s %s) rotate(-35)\">%s</text>"
                    .formatted(number(x(place) + 4), number(TOP + PLOT_HEIGHT + 14), Html.escape(shown)));
        } else {
            text(x(place), TOP + PLOT_HEIGHT + 15, "middle", name, "tick");
        }
    }

    /** A line, its points a little beside each other so that none hides the next. */
    private void line(Series series, int number) {
        double shift = (number - (plot.series().size() - 1) / 2.0) * 3;
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < series.points().size(); i++) {
            Spread point = series.points().get(i);
            if (shown(point)) {
                points.append(number(x(i) + shift))
                        .append(',')
                        .append(number(y(point.mean())))
                        .append(' ');
            }
        }
        add("<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.8\"%s points=\"%s\"/>"
                .formatted(
                        series.style().colour,
                        dash(series.style()),
                        points.toString().strip()));
        for (int i = 0; i < series.points().size(); i++) {
            Spread point = series.points().get(i);
            if (shown(point)) {
                spread(x(i) + shift, point, series.style().colour);
                marker(x(i) + shift, y(point.mean()), series.style());
            }
        }
    }

    private void bars(Series series, int number) {
        int count = plot.series().size();
        double slot = step() * 0.8 / count;
        for (int i = 0; i < series.points().size(); i++) {
            Spread point = series.points().get(i);
            if (shown(point)) {
                double left = x(i) - step() * 0.4 + number * slot;
                double bar = Math.max(2, Math.min(40, slot - 2));
                double middle = left + slot / 2;
                double zero = y(Math.max(0, axis.least()));
                double top = Math.min(y(point.mean()), zero);
                add(
                        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\" fill-opacity=\"0.35\" stroke=\"%s\"%s/>"
                                .formatted(
                                        number(middle - bar / 2),
                                        number(top),
                                        number(bar),
                                        number(Math.abs(y(point.mean()) - zero)),
                                        series.style().colour,
                                        series.style().colour,
                                        dash(series.style())));
                spread(middle, point, series.style().colour);
                marker(middle, y(point.mean()), series.style());
            }
        }
    }

    private boolean shown(Spread point) {
        return Double.isFinite(point.mean()) && !(plot.logarithmic() && point.mean() <= 0);
    }

    private void spread(double x, Spread point, String colour) {
        double low = y(plot.logarithmic() && point.min() <= 0 ? axis.least() : point.min());
        double high = y(point.max());
        if (low - high > 1) {
            add("<path stroke=\"%s\" fill=\"none\" d=\"M%s %sV%sM%s %sh6M%s %sh6\"/>"
                    .formatted(
                            colour,
                            number(x),
                            number(low),
                            number(high),
                            number(x - 3),
                            number(low),
                            number(x - 3),
                            number(high)));
        }
    }

    private void marker(double x, double y, Style style) {
        String fill = "fill=\"%s\"".formatted(style.colour);
        switch (style.marker) {
            case NONE -> {}
            case CIRCLE -> add("<circle cx=\"%s\" cy=\"%s\" r=\"3.6\" %s/>".formatted(number(x), number(y), fill));
            case SQUARE ->
                add("<rect x=\"%s\" y=\"%s\" width=\"6.4\" height=\"6.4\" %s/>"
                        .formatted(number(x - 3.2), number(y - 3.2), fill));
            case DIAMOND ->
                add("<path d=\"M%s %sl4.4 4.4l-4.4 4.4l-4.4 -4.4z\" %s/>".formatted(number(x), number(y - 4.4), fill));
            case TRIANGLE -> add("<path d=\"M%s %sl4.2 7.4h-8.4z\" %s/>".formatted(number(x), number(y - 4.6), fill));
            case CROSS ->
                add("<path d=\"M%s %sl6.4 6.4m0 -6.4l-6.4 6.4\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>"
                        .formatted(number(x - 3.2), number(y - 3.2), style.colour));
        }
    }

    private int perLine() {
        int longest = plot.series().stream()
                .mapToInt(one -> one.name().length())
                .max()
                .orElse(1);
        return Math.max(1, (int) ((width - 16) / (longest * CHARACTER + 42)));
    }

    private void legend(double top, int perLine) {
        double column = (width - 16) / perLine;
        for (int i = 0; i < plot.series().size(); i++) {
            Series series = plot.series().get(i);
            double x = 12 + i % perLine * column;
            int line = i / perLine;
            double y = top + line * LEGEND_LINE + 8;
            add("<line x1=\"%s\" x2=\"%s\" y1=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"1.8\"%s/>"
                    .formatted(
                            number(x),
                            number(x + 24),
                            number(y),
                            number(y),
                            series.style().colour,
                            dash(series.style())));
            if (series.style().marker != Marker.NONE) {
                marker(x + 12, y, series.style());
            }
            text(x + 30, y + 4, "start", series.name(), "key");
        }
    }

    private static String dash(Style style) {
        return style.dash.isEmpty() ? "" : " stroke-dasharray=\"%s\"".formatted(style.dash);
    }

    private void text(double x, double y, String anchor, String text, String kind) {
        add("<text class=\"%s\" x=\"%s\" y=\"%s\" text-anchor=\"%s\">%s</text>"
                .formatted(kind, number(x), number(y), anchor, Html.escape(text)));
    }

    private void add(String element) {
        svg.append(element).append('\n');
    }

    private static String number(double value) {
        String text = String.format(Locale.ROOT, "%.1f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    /** The values of a list of series that are shown. */
    static List<Spread> points(Plot plot) {
        return plot.series().stream()
                .flatMap(one -> one.points().stream())
                .filter(point -> Double.isFinite(point.mean()))
                .toList();
    }
}
