package jsgx.launch.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import jsgx.driver.Workload;
import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;

/**
 * The entries of the cache within their limits: who is charged, who has to give, and what goes. Everything is guarded by the cache's lock but
 * {@link #find} and {@link #known}.
 */
final class TokenTable {

    private final ConcurrentHashMap<TokenKey, Entry> entries = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Workload, Share> shares = new ConcurrentHashMap<>();

    /** All shares, the oldest first: where two entries are equally cold, its entry goes. */
    private final List<Share> inOrder = new ArrayList<>();

    private final HitLog hits;
    private SchemeClock clock = new SchemeClock();
    private CacheLimits limits;
    private Scheme scheme;

    /** Entries of all shares; the table's own size is a sum over its parts. */
    private long count;

    TokenTable(CacheLimits limits, Scheme scheme, ReentrantLock lock) {
        this.limits = limits;
        this.scheme = scheme;
        this.hits = new HitLog(lock);
    }

    @Nullable
    Entry find(TokenKey key) {
        return entries.get(key);
    }

    /** The share of a workload that asked before. */
    @Nullable
    Share known(Workload workload) {
        return shares.get(workload);
    }

    Share share(Workload workload) {
        Share share = shares.get(workload);
        if (share == null) {
            WorkloadLimits own = limits.of(workload);
            share = new Share(workload, own, scheme.order(clock, hits, most(own)));
            inOrder.add(share);
            shares.put(workload, share);
        }
        return share;
    }

    CacheLimits limits() {
        return limits;
    }

    Scheme scheme() {
        return scheme;
    }

    long bytes() {
        return count * scheme.entryBytes();
    }

    long bytes(Workload workload) {
        Share share = shares.get(workload);
        return share == null ? 0 : bytes(share, 0);
    }

    /** Takes an entry in, and whatever has to go for it out; leaves all as it is where limits and floors have no room for it. */
    void admit(Entry e) {
        hits.drain();
        Share share = e.share;
        if (bytes(share, 1) > share.limits.ceilingBytes() && !evict(share, EvictionCause.CEILING)) {
            return;
        }
        if ((count + 1) * scheme.entryBytes() > limits.maxBytes() && !evictColdest(share, EvictionCause.SIZE)) {
            return;
        }
        if (count + 1 > limits.maxEntries() && !evictColdest(share, EvictionCause.ENTRIES)) {
            return;
        }
        insert(e);
    }

    /** How many entries there are of these. */
    long count(Predicate<Entry> which) {
        return entries.values().stream().filter(which).count();
    }

    /** Drops what matches; how many. */
    long drop(Predicate<Entry> which, EvictionCause cause) {
        hits.drain();
        List<Entry> dropped = entries.values().stream().filter(which).toList();
        for (Entry e : dropped) {
            e.share.order().remove(e);
            gone(e, cause);
        }
        return dropped.size();
    }

    /** Drops this token of a key; whether it was there. */
    boolean drop(TokenKey key, byte[] token, EvictionCause cause) {
        hits.drain();
        Entry e = entries.get(key);
        if (e == null || !Arrays.equals(e.token, token)) {
            return false;
        }
        e.share.order().remove(e);
        gone(e, cause);
        return true;
    }

    void limits(CacheLimits next) {
        hits.drain();
        limits = next;
        inOrder.forEach(share -> share.limits = next.of(share.workload));
        fit(EvictionCause.CEILING, EvictionCause.SIZE, EvictionCause.ENTRIES);
    }

    /** The new orders get the entries in the order in which the old ones would have evicted them. */
    void scheme(Scheme next) {
        hits.drain();
        List<Entry> coldestFirst = new ArrayList<>();
        for (Entry e = coldest(inOrder); e != null; e = coldest(inOrder)) {
            e.share.order().remove(e);
            coldestFirst.add(e);
        }
        scheme = next;
        clock = new SchemeClock();
        inOrder.forEach(share -> share.order(next.order(clock, hits, most(share.limits))));
        coldestFirst.forEach(e -> e.share.order().insert(e));
        fit(EvictionCause.SCHEME, EvictionCause.SCHEME, EvictionCause.SCHEME);
    }

    /** Evicts until no more than this is left; what lies within floors goes last. */
    void shrink(long toBytes) {
        hits.drain();
        while (bytes() > toBytes && evictColdest(null, EvictionCause.SHRINK)) {}
        while (bytes() > toBytes) {
            evict(coldest(inOrder), EvictionCause.SHRINK);
        }
    }

    CacheStatistics statistics(long now) {
        Map<Share, Share.Ages> ages = new HashMap<>();
        Share.Ages allAges = new Share.Ages(now);
        for (Entry e : entries.values()) {
            ages.computeIfAbsent(e.share, share -> new Share.Ages(now)).add(e);
            allAges.add(e);
        }
        Map<Workload, WorkloadStatistics> each = new HashMap<>();
        for (Share share : inOrder) {
            Share.Ages own = ages.getOrDefault(share, new Share.Ages(now));
            each.put(share.workload, share.statistics(scheme.entryBytes(), own));
        }
        return new CacheStatistics(Map.copyOf(each), total(each.values(), allAges));
    }

    private void insert(Entry e) {
        e.share.order().insert(e);
        e.share.entries++;
        count++;
        entries.put(e.key, e);
    }

    private void fit(EvictionCause ceiling, EvictionCause size, EvictionCause number) {
        for (Share share : inOrder) {
            while (bytes(share, 0) > share.limits.ceilingBytes()) {
                evict(share, ceiling);
            }
        }
        while (bytes() > limits.maxBytes()) {
            evictColdest(null, size);
        }
        while (count > limits.maxEntries()) {
            evictColdest(null, number);
        }
    }

    /** Whether the share had something to evict. */
    private boolean evict(Share share, EvictionCause cause) {
        return evict(share.order().coldest(), cause);
    }

    /** Evicts the coldest entry among the workloads above their floors, of which the one that an entry comes for counts as having it already. */
    private boolean evictColdest(@Nullable Share incoming, EvictionCause cause) {
        List<Share> giving = inOrder.stream()
                .filter(share -> bytes(share, share == incoming ? 1 : 0) > share.limits.floorBytes())
                .toList();
        return evict(coldest(giving), cause);
    }

    private boolean evict(@Nullable Entry e, EvictionCause cause) {
        if (e == null) {
            return false;
        }
        e.share.order().evict(e);
        gone(e, cause);
        return true;
    }

    private static @Nullable Entry coldest(Iterable<Share> among) {
        Entry coldest = null;
        for (Share share : among) {
            Entry e = share.order().coldest();
            if (e != null && (coldest == null || share.order().colder(e, coldest))) {
                coldest = e;
            }
        }
        return coldest;
    }

    private void gone(Entry e, EvictionCause cause) {
        entries.remove(e.key);
        e.kept = false;
        e.share.entries--;
        e.share.evicted(cause);
        count--;
    }

    private long bytes(Share share, int more) {
        return (share.entries + more) * scheme.entryBytes();
    }

    private static WorkloadStatistics total(Collection<WorkloadStatistics> each, Share.Ages ages) {
        Map<EvictionCause, Long> evictions = new EnumMap<>(EvictionCause.class);
        for (EvictionCause cause : EvictionCause.values()) {
            evictions.put(cause, sum(each, one -> one.evictions().get(cause)));
        }
        return new WorkloadStatistics(
                sum(each, WorkloadStatistics::hits),
                sum(each, WorkloadStatistics::misses),
                sum(each, WorkloadStatistics::loads),
                sum(each, WorkloadStatistics::loadFailures),
                sum(each, WorkloadStatistics::joins),
                sum(each, WorkloadStatistics::loading),
                Map.copyOf(evictions),
                sum(each, WorkloadStatistics::entries),
                sum(each, WorkloadStatistics::bytes),
                ages.oldest(),
                ages.mean());
    }

    /** How many entries a workload with these limits may come to hold. */
    private long most(WorkloadLimits own) {
        return Math.min(Math.min(own.ceilingBytes(), limits.maxBytes()) / scheme.entryBytes(), limits.maxEntries());
    }

    private static long sum(Collection<WorkloadStatistics> each, ToLongFunction<WorkloadStatistics> of) {
        return each.stream().mapToLong(of).sum();
    }
}
