package jsgx.study.workload;

import java.util.random.RandomGenerator;

/** When a given number of things happen within a part of the run, one after the other. */
final class Arrivals {

    /** How they are spread. */
    enum Process {
        /** At equal distances. */
        EVEN,
        /** Each at any time, whatever the others do: a Poisson process of which the number is known. */
        POISSON,
        /** As a Poisson process whose rate goes up and down with the day: least at its beginning and end. */
        DIURNAL
    }

    /** How far the rate of a day goes above and below its mean. */
    private static final double AMPLITUDE = 0.9;

    private static final int BISECTIONS = 40;

    private final Process process;
    private final RandomGenerator random;
    private final double fromMicros;
    private final double lengthMicros;
    private final double runMicros;
    private final int days;
    private final long count;
    private long done;

    /** The part of the time that is over, from 0 to 1. */
    private double over;

    private long next;

    /**
     * @param fromMicros where their part of the run begins
     * @param toMicros where it ends
     * @param runMicros how long the whole run is
     * @param days how many days it stands for
     */
    Arrivals(
            Process process,
            long count,
            long fromMicros,
            long toMicros,
            long runMicros,
            int days,
            RandomGenerator random) {
        this.process = process;
        this.count = count;
        this.fromMicros = fromMicros;
        this.lengthMicros = (double) toMicros - fromMicros;
        this.runMicros = runMicros;
        this.days = days;
        this.random = random;
        advance();
    }

    /** Whether there is one more. */
    boolean hasNext() {
        return done <= count;
    }

    /** When the next one happens, in microseconds. */
    long peek() {
        return next;
    }

    void advance() {
        done++;
        if (!hasNext()) {
            return;
        }
        if (process == Process.EVEN) {
            over = (done - 0.5) / count;
        } else {
            // The least of so many numbers between what is over and 1.
            double left = StrictMath.pow(random.nextDouble(), 1.0 / (count - done + 1));
            over = 1 - (1 - over) * left;
        }
        next = (long) (process == Process.DIURNAL ? byDay() : fromMicros + over * lengthMicros);
    }

    private double byDay() {
        double before = expected(fromMicros / runMicros);
        double wanted = before + over * (expected((fromMicros + lengthMicros) / runMicros) - before);
        double low = fromMicros / runMicros;
        double high = (fromMicros + lengthMicros) / runMicros;
        for (int i = 0; i < BISECTIONS; i++) {
            double middle = (low + high) / 2;
            if (expected(middle) < wanted) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low * runMicros;
    }

    /** The part of all that happens up to a part of the run: the integral of 1 - AMPLITUDE cos(2π days x). */
    private double expected(double run) {
        double turn = 2 * Math.PI * days;
        return run - AMPLITUDE * StrictMath.sin(turn * run) / turn;
    }
}
