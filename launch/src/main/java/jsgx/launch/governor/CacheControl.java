package jsgx.launch.governor;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import jsgx.driver.Workload;
import jsgx.launch.LaunchException;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.WorkloadLimits;
import jsgx.launch.policy.QuotaTable;

/**
 * The kernel's cache as an administrator changes it while it runs. A workload's limits are the operator's where they were changed here, else
 * the policy's, else those of the start: what the operator said stays when the policy is another one. Each change is recorded before it is
 * made, and is made whole or not at all; of two administrators at once one comes first.
 */
public final class CacheControl {

    /** Who set the limits of a workload. */
    public enum Source {
        OPERATOR,
        POLICY,
        /** Nobody: those of the start hold. */
        DEFAULT
    }

    /** Records what an administrator did. */
    interface Record {
        void of(String who, String verdict, String what) throws LaunchException;
    }

    private final CacheLimits first;
    private final KernelTokenCache<?> cache;
    private final Record audit;

    /** Guards what follows, and the limits of the cache from being read by one and changed by another. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<Workload, WorkloadLimits> operator = new HashMap<>();
    private QuotaTable policy = QuotaTable.UNLIMITED;
    private volatile Placement placement;

    CacheControl(GovernorOptions options, KernelTokenCache<?> cache, Record audit) {
        this.first = options.cacheLimits();
        this.placement = options.placement();
        this.cache = cache;
        this.audit = audit;
    }

    /** Where tokens are kept. */
    public Placement placement() {
        return placement;
    }

    /** How the cache is set up now. */
    public CacheSettings settings() {
        CacheLimits limits = cache.limits();
        return new CacheSettings(placement, cache.scheme(), limits.maxBytes(), limits.maxEntries());
    }

    /** Who set the limits of a workload. */
    public Source source(Workload workload) {
        lock.lock();
        try {
            if (operator.containsKey(workload)) {
                return Source.OPERATOR;
            }
            return policy.named().containsKey(workload.name()) ? Source.POLICY : Source.DEFAULT;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sets the cache up in another way.
     *
     * @param who acts, as the audit trail names workloads
     * @param change from how it is set up to how it is to be
     * @return how it is set up now
     * @throws IllegalArgumentException where the floors of workloads do not fit: then nothing is changed
     * @throws LaunchException where the act cannot be recorded: then nothing is changed
     */
    public CacheSettings change(String who, UnaryOperator<CacheSettings> change) throws LaunchException {
        lock.lock();
        try {
            CacheSettings before = settings();
            CacheSettings next = change.apply(before);
            CacheLimits limits = limits(next.maxBytes(), next.maxEntries(), operator);
            String what = next.from(before);
            if (!what.isEmpty()) {
                audit.of(who, "cache", what);
                placement = next.placement();
                if (next.scheme() != before.scheme()) {
                    cache.scheme(next.scheme());
                }
                put(limits);
            }
            return next;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a workload a floor and a ceiling, whatever the policy says.
     *
     * @param who acts
     * @param change from the limits that it has to those that it gets
     * @throws IllegalArgumentException where they do not fit: then nothing is changed
     * @throws LaunchException where the act cannot be recorded: then nothing is changed
     */
    public void workload(String who, Workload workload, UnaryOperator<WorkloadLimits> change) throws LaunchException {
        lock.lock();
        try {
            Map<Workload, WorkloadLimits> changed = new HashMap<>(operator);
            WorkloadLimits next = change.apply(cache.limits().of(workload));
            changed.put(workload, next);
            replace(
                    changed,
                    who,
                    "%s: floor %d, ceiling %s"
                            .formatted(workload.name(), next.floorBytes(), CacheSettings.number(next.ceilingBytes())));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives a workload the limits back that the policy states.
     *
     * @param who acts
     * @throws IllegalArgumentException where they do not fit: then nothing is changed
     * @throws LaunchException where the act cannot be recorded: then nothing is changed
     */
    public void reset(String who, Workload workload) throws LaunchException {
        lock.lock();
        try {
            Map<Workload, WorkloadLimits> changed = new HashMap<>(operator);
            if (changed.remove(workload) != null) {
                replace(changed, who, workload.name() + ": the policy's limits");
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Drops all tokens.
     *
     * @param who acts
     * @return how many there were
     * @throws LaunchException where the act cannot be recorded: then nothing is dropped
     */
    public long flush(String who) throws LaunchException {
        audit.of(who, "flush", "all tokens of the kernel's cache");
        return cache.flush();
    }

    /** As {@link #flush(String)}, the tokens that are charged to a workload. */
    public long flush(String who, Workload workload) throws LaunchException {
        audit.of(who, "flush", "the tokens of " + workload.name() + " in the kernel's cache");
        return cache.flush(workload);
    }

    /**
     * Takes a policy's quotas. Where its floors do not fit the cache, whose size it does not know, the cache's limits stay as they were.
     *
     * @return what is to be recorded of it; empty for nothing
     */
    String policy(QuotaTable table) {
        lock.lock();
        try {
            policy = table;
            CacheLimits present = cache.limits();
            put(limits(present.maxBytes(), present.maxEntries(), operator));
            return "";
        } catch (IllegalArgumentException e) {
            return "the kernel's cache keeps its limits, as the policy's do not fit it: " + e.getMessage();
        } finally {
            lock.unlock();
        }
    }

    private void replace(Map<Workload, WorkloadLimits> changed, String who, String what) throws LaunchException {
        CacheLimits present = cache.limits();
        CacheLimits limits = limits(present.maxBytes(), present.maxEntries(), changed);
        audit.of(who, "cache", what);
        operator.clear();
        operator.putAll(changed);
        put(limits);
    }

    private CacheLimits limits(long maxBytes, long maxEntries, Map<Workload, WorkloadLimits> above) {
        Map<Workload, WorkloadLimits> shares = new HashMap<>(first.workloads());
        policy.named()
                .forEach((workload, quota) -> shares.put(
                        new Workload(workload), new WorkloadLimits(quota.tokenFloor(), quota.tokenCeiling())));
        shares.putAll(above);
        return new CacheLimits(
                maxBytes,
                maxEntries,
                shares,
                Math.min(first.defaultCeilingBytes(), policy.others().tokenCeiling()));
    }

    private void put(CacheLimits limits) {
        if (!limits.equals(cache.limits())) {
            cache.limits(limits);
        }
    }
}
