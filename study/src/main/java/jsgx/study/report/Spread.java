package jsgx.study.report;

import java.util.List;

/**
 * A figure over the seeds of a study.
 *
 * @param deviation the standard deviation of a sample; 0 where there is one
 * @param seeds how many there are
 */
public record Spread(double mean, double min, double max, double deviation, int seeds) {

    static Spread of(List<Double> values) {
        double sum = 0;
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            sum += value;
            min = Math.min(min, value);
            max = Math.max(max, value);
        }
        double mean = sum / values.size();
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        return new Spread(
                mean, min, max, values.size() < 2 ? 0 : Math.sqrt(squares / (values.size() - 1)), values.size());
    }
}
