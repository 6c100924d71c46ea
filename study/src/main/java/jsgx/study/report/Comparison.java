package jsgx.study.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One figure under two designs of the same workload. Both ran the same traces, so that what is looked at is the difference for each seed: it is real where the 95% confidence
 * interval of its mean (Student's t) leaves out 0, and worth a word where it is more than the metric's least.
 *
 * @param difference the mean of first less second
 * @param margin half the interval; NaN where there is none
 */
record Comparison(Verdict verdict, double first, double second, double difference, double margin) {

    /** The 97.5% quantile of Student's t for 1, 2, … degrees of freedom. */
    private static final double[] T = {
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
        2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042
    };

    private static final double T_OF_MANY = 1.960;

    static Comparison of(Metric metric, Row first, Row second) {
        return of(metric, first.bySeed(metric), second.bySeed(metric));
    }

    /** The figures of two things by seed: what only one of them has is left out. */
    static Comparison of(Metric metric, Map<Long, Double> first, Map<Long, Double> second) {
        List<Double> firsts = new ArrayList<>();
        List<Double> seconds = new ArrayList<>();
        first.forEach((seed, value) -> {
            Double other = second.get(seed);
            if (other != null) {
                firsts.add(value);
                seconds.add(other);
            }
        });
        if (firsts.isEmpty()) {
            double one = Spread.of(List.copyOf(first.values())).mean();
            double two = Spread.of(List.copyOf(second.values())).mean();
            return new Comparison(Verdict.UNKNOWN, one, two, one - two, Double.NaN);
        }
        return of(metric, firsts, seconds);
    }

    /** The figures of two things for the same seeds in the same order. */
    static Comparison of(Metric metric, List<Double> firsts, List<Double> seconds) {
        if (firsts.isEmpty()) {
            return new Comparison(Verdict.UNKNOWN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);
        }
        List<Double> differences = new ArrayList<>();
        for (int i = 0; i < firsts.size(); i++) {
            differences.add(firsts.get(i) - seconds.get(i));
        }
        double first = Spread.of(firsts).mean();
        double second = Spread.of(seconds).mean();
        Spread spread = Spread.of(differences);
        double difference = spread.mean();
        if (Math.abs(difference) <= metric.least(second)) {
            return new Comparison(Verdict.SAME, first, second, difference, 0);
        }
        int seeds = spread.seeds();
        if (seeds < 2) {
            return new Comparison(Verdict.UNKNOWN, first, second, difference, Double.NaN);
        }
        double t = seeds - 2 < T.length ? T[seeds - 2] : T_OF_MANY;
        double margin = t * spread.deviation() / Math.sqrt(seeds);
        Verdict verdict = Math.abs(difference) <= margin ? Verdict.SAME : difference < 0 ? Verdict.LESS : Verdict.MORE;
        return new Comparison(verdict, first, second, difference, margin);
    }
}
