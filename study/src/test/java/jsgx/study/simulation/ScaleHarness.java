package jsgx.study.simulation;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import jsgx.launch.cache.Scheme;
import jsgx.study.design.Charging;
import jsgx.study.design.Design;
import jsgx.study.design.Knowledge;
import jsgx.study.trace.Event;

/**
 * Measures how the simulator's cost grows with the launches of a trace: {@code build/study-scale [LAUNCHES] [DESIGN]...}, with
 * traces of so many launches, twice, five and ten times as many. It prints for each design the
 * time and the memory, and the time of a launch relative to the smallest trace, which is 1 where the cost grows linearly.
 */
final class ScaleHarness {

    private static final int MILLION = 1_000_000;
    private static final int ENCLAVES = 100_000;
    private static final int WORKLOADS = 100;
    private static final int MACHINES = 10;
    private static final long LIMIT = 16L << 20;
    private static final int[] STEPS = {1, 2, 5, 10};

    private ScaleHarness() {}

    public static void main(String[] args) {
        int least = args.length == 0 ? MILLION : Integer.parseInt(args[0]);
        List<String> wanted = Arrays.asList(args).subList(Math.min(args.length, 1), args.length);
        System.out.printf("%-40s %9s %9s %9s %9s%n", "design", "launches", "seconds", "MiB", "ratio");
        run(trace(MILLION / 100), Design.kernel(Scheme.LRU, LIMIT, Charging.SHARED));
        for (Design design : designs()) {
            if (!wanted.isEmpty() && !wanted.contains(name(design))) {
                continue;
            }
            double first = 0;
            for (int step : STEPS) {
                TestTrace trace = trace(step * least);
                resetPeaks();
                double seconds = run(trace, design);
                double each = seconds / step;
                first = first == 0 ? each : first;
                System.out.printf(
                        "%-40s %9d %9.1f %9d %9.2f%n", name(design), trace.size(), seconds, peak() >> 20, each / first);
            }
        }
    }

    private static List<Design> designs() {
        return List.of(
                Design.NONE,
                Design.kernel(Scheme.LRU, LIMIT, Charging.SHARED),
                Design.kernel(Scheme.LRU, LIMIT, Charging.FLOORS),
                Design.kernel(Scheme.W_TINY_LFU, LIMIT, Charging.SHARED),
                Design.kernel(Scheme.SIEVE, LIMIT, Charging.SHARED),
                Design.kernel(Scheme.COST_AWARE, LIMIT, Charging.CEILINGS),
                Design.user(LIMIT, Knowledge.NONE),
                Design.user(LIMIT, Knowledge.LAST_LAUNCH),
                Design.both(Scheme.S3_FIFO, LIMIT, Charging.SHARED, Knowledge.NONE));
    }

    private static String name(Design design) {
        return "%s %s %s %s"
                .formatted(
                        design.placement().id(),
                        design.scheme() == null ? "none" : design.scheme(),
                        design.charging(),
                        design.knowledge());
    }

    private static double run(TestTrace trace, Design design) {
        long start = System.nanoTime();
        Measured measured = Simulator.run(trace, design, TestTrace.varied(), 1);
        if (measured.hits() > measured.optimalHits()) {
            throw new IllegalStateException("better than the best: " + measured);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    /** Workloads of unlike size that share enclaves of unlike popularity, on machines that reboot now and then. */
    private static TestTrace trace(int launches) {
        SplittableRandom random = new SplittableRandom(7);
        int[] machines = new int[WORKLOADS];
        Arrays.setAll(machines, workload -> workload % MACHINES);
        int[] processors = new int[MACHINES];
        Arrays.setAll(processors, machine -> machine % 4);
        TestTrace trace = new TestTrace(machines, processors, 4, ENCLAVES);
        double[] enclaves = popularity(ENCLAVES);
        double[] workloads = popularity(WORKLOADS);
        long micros = 0;
        for (int i = 0; i < launches; i++) {
            micros += random.nextInt(100);
            Event event = random.nextInt(100) == 0 ? Event.LAST_LAUNCH : Event.LAUNCH;
            trace.add(micros, event, draw(workloads, random), draw(enclaves, random));
            if (i % (launches / 10) == launches / 20) {
                trace.add(micros, Event.REBOOT, random.nextInt(MACHINES), 0);
                trace.add(micros, Event.MIGRATE, random.nextInt(MACHINES), random.nextInt(4));
                trace.add(micros, Event.REVOKE, 0, random.nextInt(ENCLAVES));
            }
            if (i == launches / 2) {
                trace.add(micros, Event.ROTATE_LAUNCH_ENCLAVE, 1, 0);
                trace.add(micros, Event.RAISE_CPUSVN, 2, 0);
                trace.add(micros, Event.LOWER_CPUSVN, 3, 0);
            }
        }
        return trace;
    }

    private static double[] popularity(int count) {
        double[] upTo = new double[count];
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += 1 / Math.pow(i + 1.0, 0.9);
            upTo[i] = sum;
        }
        return upTo;
    }

    private static int draw(double[] upTo, SplittableRandom random) {
        int at = Arrays.binarySearch(upTo, random.nextDouble() * upTo[upTo.length - 1]);
        return at < 0 ? -at - 1 : at;
    }

    private static void resetPeaks() {
        System.gc();
        ManagementFactory.getMemoryPoolMXBeans().forEach(MemoryPoolMXBean::resetPeakUsage);
    }

    private static long peak() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .mapToLong(pool -> pool.getPeakUsage().getUsed())
                .sum();
    }
}
