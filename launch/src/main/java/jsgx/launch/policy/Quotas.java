package jsgx.launch.policy;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import jsgx.driver.EpcAccount;
import jsgx.driver.Workload;
import org.jspecify.annotations.Nullable;

/**
 * Counts what each workload has and refuses what goes over its quota. Workloads never wait for each other: each has counters of its own, and
 * nothing here blocks. A workload over a limit that was lowered keeps what it has and gets no more.
 */
public final class Quotas implements EpcAccount {

    private static final double NANOS = 1e9;
    private static final double ROUNDING = 1e-9;

    private final LongSupplier nanoClock;
    private final ConcurrentHashMap<String, Usage> usages = new ConcurrentHashMap<>();
    private volatile QuotaTable table;

    /**
     * @param nanoClock nanoseconds that never run backwards, as {@link System#nanoTime}
     */
    public Quotas(QuotaTable table, LongSupplier nanoClock) {
        this.table = table;
        this.nanoClock = nanoClock;
    }

    /** Exchanges the limits; what was counted stays counted. */
    public void limits(QuotaTable limits) {
        table = limits;
    }

    /** The limits in force. */
    public QuotaTable limits() {
        return table;
    }

    /**
     * Counts one more enclave and one more launch, or says why not and counts nothing. Whoever is admitted calls {@link #released} once: when
     * the launch has failed, or when the enclave is gone.
     */
    public Optional<QuotaRefusal> admit(Workload workload) {
        WorkloadQuota quota = table.of(workload.name());
        Usage usage = usage(workload);
        if (!usage.enclaves.add(1, quota.enclaves())) {
            return Optional.of(new QuotaRefusal(
                    "enclaves",
                    "workload %s has %d enclaves and may have %d at once"
                            .formatted(workload.name(), usage.enclaves.get(), quota.enclaves())));
        }
        if (!usage.launches.take(quota, nanoClock.getAsLong())) {
            usage.enclaves.subtract(1);
            return Optional.of(new QuotaRefusal(
                    "launchesPerSecond",
                    "workload %s may launch %s enclaves a second, and %d at once"
                            .formatted(workload.name(), number(quota.launchesPerSecond()), quota.launchBurst())));
        }
        return Optional.empty();
    }

    /**
     * Counts one more token that is asked for by itself, or says why not. Tokens are counted apart from launches, at the same rate: a launch
     * needs one at most, so that no launch within its quota goes without, and each is counted once.
     */
    public Optional<QuotaRefusal> admitToken(Workload workload) {
        WorkloadQuota quota = table.of(workload.name());
        return usage(workload).tokens.take(quota, nanoClock.getAsLong())
                ? Optional.empty()
                : Optional.of(new QuotaRefusal(
                        "launchesPerSecond",
                        "workload %s may launch %s enclaves a second, and %d at once, and gets as many tokens"
                                .formatted(workload.name(), number(quota.launchesPerSecond()), quota.launchBurst())));
    }

    /** Counts one launch less, of those a second: EINIT refused its token, and it will be tried again with another. */
    public void notLaunched(Workload workload) {
        usage(workload).launches.giveBack();
    }

    /** Counts one enclave less. */
    public void released(Workload workload) {
        usage(workload).enclaves.subtract(1);
    }

    @Override
    public boolean charge(Workload workload, int pages) {
        return usage(workload).epcPages.add(pages, table.of(workload.name()).epcPages());
    }

    @Override
    public void uncharge(Workload workload, int pages) {
        usage(workload).epcPages.subtract(pages);
    }

    /**
     * What a workload has.
     *
     * @param enclaves at once, those about to be launched among them
     * @param epcPages at once
     */
    public record Used(long enclaves, long epcPages, WorkloadQuota quota) {}

    /** What each workload has that ever had anything, by name; each number for itself is exact. */
    public Map<String, Used> snapshot() {
        Map<String, Used> all = new TreeMap<>();
        usages.forEach(
                (name, usage) -> all.put(name, new Used(usage.enclaves.get(), usage.epcPages.get(), table.of(name))));
        return all;
    }

    private Usage usage(Workload workload) {
        Usage usage = usages.get(workload.name());
        return usage != null ? usage : usages.computeIfAbsent(workload.name(), name -> new Usage());
    }

    private static String number(double value) {
        return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }

    /** The counters of one workload. */
    private static final class Usage {
        private final Gauge enclaves = new Gauge();
        private final Gauge epcPages = new Gauge();
        private final Rate launches = new Rate();
        private final Rate tokens = new Rate();
    }

    /** A number that only grows up to a limit. */
    private static final class Gauge {
        private final AtomicLong value = new AtomicLong();

        /** Adds where the sum stays within the limit; says whether it did. */
        boolean add(long amount, long limit) {
            long now = value.get();
            while (amount <= limit - now) {
                long seen = value.compareAndExchange(now, now + amount);
                if (seen == now) {
                    return true;
                }
                now = seen;
            }
            return false;
        }

        void subtract(long amount) {
            long now = value.get();
            while (true) {
                if (amount > now) {
                    throw new IllegalStateException("given back %d of %d".formatted(amount, now));
                }
                long seen = value.compareAndExchange(now, now - amount);
                if (seen == now) {
                    return;
                }
                now = seen;
            }
        }

        long get() {
            return value.get();
        }
    }

    /** A token bucket: how full it is and since when. What was taken under one rate drains at whatever the rate is now. */
    private static final class Rate {

        private record Level(double taken, long since) {}

        private final AtomicReference<@Nullable Level> level = new AtomicReference<>();

        void giveBack() {
            level.updateAndGet(seen -> seen == null ? null : new Level(Math.max(0, seen.taken() - 1), seen.since()));
        }

        boolean take(WorkloadQuota quota, long now) {
            if (quota.launchesPerSecond() == Double.POSITIVE_INFINITY) {
                return true;
            }
            while (true) {
                Level seen = level.get();
                // Another thread's clock may be a little ahead.
                long since = seen == null || seen.since() - now < 0 ? now : seen.since();
                double drained = seen == null ? 0 : (since - seen.since()) / NANOS * quota.launchesPerSecond();
                double taken = seen == null ? 0 : Math.max(0, seen.taken() - drained);
                if (taken + 1 > quota.launchBurst() + ROUNDING) {
                    return false;
                }
                if (level.compareAndSet(seen, new Level(taken + 1, since))) {
                    return true;
                }
            }
        }
    }
}
