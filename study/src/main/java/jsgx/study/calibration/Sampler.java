package jsgx.study.calibration;

import java.io.IOException;
import java.util.Arrays;
import java.util.stream.LongStream;
import jsgx.launch.LaunchException;

/** The times of one step, taken in several parts of a calibration, so that what a neighbour does for a moment does not make a step dear. */
final class Sampler {

    /** What a probe says where it prepared something and measured nothing. */
    static final long NO_SAMPLE = Long.MIN_VALUE;

    /** How many equally likely times a step has in the end. */
    static final int TIMES = 128;

    private static final int MOST = 1 << 14;

    /** Samples of a step that is slow: not many, and enough to see that it is not always the same. */
    private static final int LEAST = 16;

    private final Probe probe;
    private final long nanosOfPart;
    private final long[] samples = new long[MOST];
    private int count;
    private double leastMedian = Double.MAX_VALUE;
    private double greatestMedian;

    Sampler(Probe probe, long nanosOfPart) {
        this.probe = probe;
        this.nanosOfPart = nanosOfPart;
    }

    /** Does the step for as long as some parts take and forgets how long it took. */
    void warmUp(int parts) throws LaunchException, IOException {
        long end = System.nanoTime() + parts * nanosOfPart;
        do {
            sample();
        } while (System.nanoTime() < end);
    }

    /** Takes one part of the samples, of which there are as many as the time is enough for, and at least a few. */
    void part(int parts) throws LaunchException, IOException {
        long end = System.nanoTime() + nanosOfPart;
        int first = count;
        int most = MOST / parts;
        int least = Math.ceilDiv(LEAST, parts);
        while (count - first < most && (count - first < least || System.nanoTime() < end)) {
            samples[count++] = sample();
        }
        double median = Math.max(1, median(Arrays.copyOfRange(samples, first, count)));
        leastMedian = Math.min(leastMedian, median);
        greatestMedian = Math.max(greatestMedian, median);
    }

    /** The greatest median of a part against the least. */
    double spread() {
        return greatestMedian / leastMedian;
    }

    /**
     * Equally likely times, the mean of each 128th of the samples; the mean of all stays what it was, outliers among them. A step that is the difference
     * of two others may have samples below 0, which no time is: the least times above 0 make up for them, as to take them for 0 would make the step dearer.
     */
    long[] times() {
        long[] times = reduce(Arrays.copyOf(samples, count));
        long owed = 0;
        for (int i = 0; i < times.length; i++) {
            long left = times[i] + owed;
            owed = Math.min(left, 0);
            times[i] = left - owed;
        }
        return times;
    }

    static long[] reduce(long[] samples) {
        long[] ascending = samples.clone();
        Arrays.sort(ascending);
        int n = ascending.length;
        if (n <= TIMES) {
            return ascending;
        }
        long[] times = new long[TIMES];
        for (int i = 0; i < TIMES; i++) {
            int from = (int) ((long) i * n / TIMES);
            int to = (int) ((i + 1L) * n / TIMES);
            times[i] = Math.round(LongStream.of(Arrays.copyOfRange(ascending, from, to))
                    .average()
                    .orElseThrow());
        }
        return times;
    }

    private long sample() throws LaunchException, IOException {
        for (int i = 0; i < MOST; i++) {
            long nanos = probe.sample();
            if (nanos != NO_SAMPLE) {
                return nanos;
            }
        }
        throw new IllegalStateException("a step of the calibration goes another way than it should, each time");
    }

    private static double median(long[] part) {
        Arrays.sort(part);
        return part[part.length / 2];
    }
}
