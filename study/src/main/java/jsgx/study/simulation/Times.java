package jsgx.study.simulation;

/** Sums of times that stay at the end of time instead of going beyond it. */
final class Times {

    /** The end of time, in nanoseconds. */
    static final long END = Long.MAX_VALUE / 2;

    private Times() {}

    /** Some nanoseconds later; neither is negative. */
    static long later(long now, long nanos) {
        long sum = now + nanos;
        return sum < 0 || sum > END ? END : sum;
    }
}
