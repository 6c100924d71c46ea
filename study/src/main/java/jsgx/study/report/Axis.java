package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;

/** A vertical axis: from where to where, and what is written beside it. */
record Axis(boolean logarithmic, double least, double most, List<Double> ticks) {

    private static final int MOST_TICKS = 6;

    static Axis of(Plot plot) {
        List<Spread> points = Svg.points(plot);
        double most = points.stream().mapToDouble(Spread::max).max().orElse(1);
        double least = points.stream().mapToDouble(Spread::min).min().orElse(0);
        return plot.logarithmic()
                ? logarithmic(
                        points.stream()
                                .mapToDouble(Spread::mean)
                                .filter(value -> value > 0)
                                .min()
                                .orElse(1),
                        most)
                : linear(Math.min(plot.least(), least), Double.isNaN(plot.most()) ? most : Math.max(plot.most(), most));
    }

    /** Whole decades, or with 2 and 5 between them where there are few. */
    private static Axis logarithmic(double least, double most) {
        int low = (int) Math.floor(Math.log10(least));
        int high = (int) Math.ceil(Math.log10(Math.max(most, least * 1.001)));
        high = high == low ? low + 1 : high;
        List<Double> ticks = new ArrayList<>();
        int every = (high - low + MOST_TICKS - 1) / MOST_TICKS;
        for (int decade = low; decade <= high; decade += every) {
            ticks.add(Math.pow(10, decade));
            if (high - low <= 2 && decade < high) {
                ticks.add(2 * Math.pow(10, decade));
                ticks.add(5 * Math.pow(10, decade));
            }
        }
        return new Axis(true, Math.pow(10, low), Math.pow(10, high), ticks);
    }

    private static Axis linear(double least, double most) {
        double range = most - least <= 0 ? 1 : most - least;
        double rough = range / (MOST_TICKS - 1);
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
        double low = Math.floor(least / step + 1e-9) * step;
        List<Double> ticks = new ArrayList<>();
        double high = low;
        for (int i = 0; high < least + range - step * 1e-6; i++) {
            high = low + (i + 1) * step;
        }
        for (int i = 0; low + i * step <= high + step / 2; i++) {
            ticks.add(low + i * step);
        }
        return new Axis(false, low, high, ticks);
    }

    /** Where a value is: 0 below, 1 above. */
    double part(double value) {
        double part = logarithmic
                ? (Math.log10(Math.max(value, least)) - Math.log10(least)) / (Math.log10(most) - Math.log10(least))
                : (value - least) / (most - least);
        return Math.clamp(part, 0, 1);
    }

    /** What is written beside a tick. */
    String name(double tick) {
        double size = Math.abs(tick);
        if (size >= 1e6) {
            return Say.decimal(tick / 1e6, tick % 1e6 == 0 ? 0 : 1) + " M";
        }
        if (size >= 1e4) {
            return Say.decimal(tick / 1e3, tick % 1e3 == 0 ? 0 : 1) + " k";
        }
        double step = ticks.size() > 1 ? Math.abs(ticks.get(1) - ticks.get(0)) : 1;
        int places = logarithmic
                ? (size >= 1 ? 0 : (int) Math.ceil(-Math.log10(size) - 1e-9))
                : (int) Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
        return Say.decimal(tick, places);
    }
}
