package jsgx.host.feed;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import jsgx.driver.SgxDriver;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.WorkloadStatistics;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Judgement;
import jsgx.launch.token.TokenSource;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;
import org.jspecify.annotations.Nullable;

/** The last ten minutes of a host in numbers, a point for each interval. Somebody calls {@link #sample} when one is over. */
public final class History implements Judgement.Listener {

    /** How long an interval is. */
    public static final Duration INTERVAL = Duration.ofSeconds(5);

    /** How many points are kept. */
    public static final int KEPT = 120;

    private static final long LONGEST_MICROS = 60_000_000;
    private static final int DIGITS = 2;

    /**
     * One interval.
     *
     * @param second when it ended, in seconds since 1970
     * @param launches how many ended well
     * @param refused how many did not
     * @param epcUsed pages in use at its end
     * @param hitRatio of the kernel's cache, 0 to 1; NaN where nobody asked it
     * @param leMicrosP50 how long the launch enclave took, in the median; NaN where nobody asked it
     * @param leMicrosP99 likewise, all but a hundredth
     */
    public record Point(
            long second,
            long launches,
            long refused,
            long epcUsed,
            double hitRatio,
            double leMicrosP50,
            double leMicrosP99) {}

    private final SgxDriver driver;
    private final KernelTokenCache<?> cache;
    private final LongAdder launches = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final Recorder launchEnclave = new Recorder(LONGEST_MICROS, DIGITS);

    /** What follows is guarded by this. */
    private final Deque<Point> points = new ArrayDeque<>();

    private @Nullable Histogram interval;
    private long hits;
    private long lookups;

    public History(SgxDriver driver, KernelTokenCache<?> cache) {
        this.driver = driver;
        this.cache = cache;
    }

    @Override
    public void judged(Judgement judgement) {
        if (judgement.issue().source() == TokenSource.LAUNCH_ENCLAVE) {
            took(judgement.tokenNanos());
        }
    }

    @Override
    public void ended(Ending ending) {
        (ending.launched() ? launches : refused).increment();
    }

    @Override
    public void issued(AuditEvent event, IssuedToken issued) {
        if (issued.issue().source() == TokenSource.LAUNCH_ENCLAVE) {
            took(issued.tokenNanos());
        }
    }

    private void took(long nanos) {
        launchEnclave.recordValue(Math.min(LONGEST_MICROS, nanos / 1000));
    }

    /** Ends an interval. */
    public synchronized void sample(long second) {
        interval = launchEnclave.getIntervalHistogram(interval);
        boolean asked = interval.getTotalCount() > 0;
        WorkloadStatistics total = cache.statistics().total();
        long newHits = total.hits() - hits;
        long newLookups = total.hits() + total.misses() - lookups;
        hits += newHits;
        lookups += newLookups;
        points.addLast(new Point(
                second,
                launches.sumThenReset(),
                refused.sumThenReset(),
                driver.totalPages() - driver.freePages(),
                newLookups == 0 ? Double.NaN : (double) newHits / newLookups,
                asked ? interval.getValueAtPercentile(50) : Double.NaN,
                asked ? interval.getValueAtPercentile(99) : Double.NaN));
        if (points.size() > KEPT) {
            points.removeFirst();
        }
    }

    /** The points, oldest first. */
    public synchronized List<Point> points() {
        return new ArrayList<>(points);
    }
}
