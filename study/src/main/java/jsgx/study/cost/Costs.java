package jsgx.study.cost;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * What each step costs, in nanoseconds: for each a list of equally likely times, ascending, as a calibration measured them.
 *
 * @param machine what they were measured on, for people
 * @param spread for each step the greatest median of a part of the measurement against the least, which would be 1 on a machine with nothing else to do; a step that a user made
 *     up may have none
 */
public record Costs(String machine, Map<Step, long[]> nanos, Map<Step, Double> spread) {

    /** Costs that nobody measured, or of which nobody knows how steady they were. */
    public Costs(String machine, Map<Step, long[]> nanos) {
        this(machine, nanos, Map.of());
    }

    public Costs {
        spread = Map.copyOf(spread);
        spread.forEach((step, value) -> {
            if (!(value >= 1 && Double.isFinite(value))) {
                throw new IllegalArgumentException(
                        "the spread of the step %s is %s: expected 1 or more".formatted(step, value));
            }
        });
        EnumMap<Step, long[]> copy = new EnumMap<>(Step.class);
        for (Step step : Step.values()) {
            long @Nullable [] times = nanos.get(step);
            if (times == null || times.length == 0) {
                throw new IllegalArgumentException("no times of the step " + step);
            }
            long[] ascending = times.clone();
            Arrays.sort(ascending);
            copy.put(step, ascending);
        }
        nanos = copy;
    }

    /** One time of a step, drawn at random. */
    public long draw(Step step, RandomGenerator random) {
        long[] times = measured(step);
        return times[random.nextInt(times.length)];
    }

    /** The time that half of them stay below. */
    public long median(Step step) {
        long[] times = measured(step);
        return times[times.length / 2];
    }

    /** The times of a step, ascending. */
    public long[] times(Step step) {
        return measured(step).clone();
    }

    private long[] measured(Step step) {
        return Objects.requireNonNull(nanos.get(step), "each step has its times");
    }
}
