package jsgx.study.simulation;

import java.util.Arrays;
import jsgx.study.cost.Costs;
import jsgx.study.cost.Step;

/**
 * What the steps of each launch cost: drawn from the measured times by seed, launch, step and how often the launch takes that step. So a launch that
 * takes a step under two designs, or with and without its neighbours, pays the same for it, and what differs is the design.
 */
final class Draws {

    private static final long GOLDEN = 0x9E37_79B9_7F4A_7C15L;
    private static final Step[] STEPS = Step.values();

    private final long seed;
    private final long[][] times;
    private final int[] taken = new int[STEPS.length];
    private long launch;

    Draws(Costs costs, long seed, String trace) {
        this(mix(seed * GOLDEN + trace.hashCode()), new long[STEPS.length][]);
        for (Step step : STEPS) {
            times[step.ordinal()] = costs.times(step);
        }
    }

    private Draws(long seed, long[][] times) {
        this.seed = seed;
        this.times = times;
    }

    /** The same for another run. */
    Draws again() {
        return new Draws(seed, times);
    }

    /** Goes on to a launch. */
    void launch(int event) {
        launch = mix(seed + GOLDEN * event);
        Arrays.fill(taken, 0);
    }

    /** What the launch pays for a step, in nanoseconds. */
    long of(Step step) {
        int number = step.ordinal();
        long[] of = times[number];
        long bits = mix(launch + GOLDEN * (1 + number + (long) STEPS.length * taken[number]));
        taken[number]++;
        return of[(int) Math.unsignedMultiplyHigh(bits, of.length)];
    }

    /** The output function of SplitMix64. */
    private static long mix(long state) {
        long z = (state ^ (state >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }
}
