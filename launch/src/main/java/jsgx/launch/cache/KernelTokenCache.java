package jsgx.launch.cache;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import jsgx.driver.Workload;
import jsgx.launch.cache.Lookup.Origin;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;

/**
 * The kernel's cache of launch tokens: what stands between a launch and the launch enclave under the placements {@code kernel} and {@code both}.
 *
 * <p>It is bounded in bytes, and each entry is charged to the workload whose launch caused it, whatever thread does the work. Where room is
 * needed, a workload above its ceiling gives of its own; otherwise the coldest entry goes among all workloads that hold more than their
 * floor. Limits and scheme change while it runs, and what fits stays.
 *
 * <p>Concurrent misses for one key make one load, and all get its token or its failure; a failure is not cached. A flush also reaches loads in flight: their results
 * stay out of the cache, and who asks after the flush does not join them.
 *
 * <p>A hit takes no lock. All else takes one lock for a short time; loads happen outside it.
 *
 * @param <X> what a failed load throws
 */
public final class KernelTokenCache<X extends Exception> {

    private static final int TOKEN_BYTES = 304;

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    final TokenTable table;

    /** Guarded by the lock. */
    private final Map<TokenKey, Flight> flights = new HashMap<>();

    /** Owner epoch and CPUSVN as of the newest key seen; guarded by the lock. */
    private long generation = Long.MIN_VALUE;

    /** An empty cache. */
    public KernelTokenCache(CacheLimits limits, Scheme scheme, InstantSource clock) {
        this.clock = clock;
        this.table = new TokenTable(limits, scheme, lock);
    }

    /**
     * The token for a key: from the cache, or loaded, or loaded by another caller that was first.
     *
     * <p>A key of a newer generation than any before drops all that is older.
     *
     * @param workload who launches: the lookup is counted for it, and the entry charged to it
     * @param loader asked by at most one caller at a time for a key
     * @throws X the load failed, this caller's or the one that it joined
     * @throws InterruptedException this caller was interrupted while it waited for another's load, which goes on
     * @throws IllegalStateException the loader itself asks for this key, or gave something else than 304 bytes
     */
    public Lookup get(TokenKey key, Workload workload, Loader<? extends X> loader) throws X, InterruptedException {
        Entry e = table.find(key);
        return e == null ? miss(key, workload, loader) : hit(e, workload);
    }

    /** Drops every token of these enclaves, or signers: {@code identity -> identity.isSignedBy(mrSigner)}. How many were dropped. */
    public long flush(Predicate<TokenIdentity> which) {
        return drop(key -> which.test(key.identity()), share -> true, EvictionCause.FLUSH);
    }

    /** How many tokens there are of these enclaves, or signers. */
    public long count(Predicate<TokenIdentity> which) {
        return locked(() -> table.count(e -> which.test(e.key.identity())));
    }

    /** Drops every token that is charged to a workload; how many. */
    public long flush(Workload workload) {
        return drop(key -> true, share -> share.workload.equals(workload), EvictionCause.FLUSH);
    }

    /** Drops everything; how many. */
    public long flush() {
        return drop(key -> true, share -> true, EvictionCause.FLUSH);
    }

    /**
     * EINIT refused a token that the cache gave, as one that was made elsewhere: the launch key changed without the kernel's knowing, where its machine migrated.
     * It is dropped, so that the next launch gets another; what took its place meanwhile stays. Whether it was there.
     */
    public boolean refused(TokenKey key, byte[] token) {
        return locked(() -> table.drop(key, token, EvictionCause.GENERATION));
    }

    /** Owner epoch or CPUSVN changed: drops every token of an earlier generation, and keeps none that is still being loaded. */
    public void generation(long now) {
        lock.lock();
        try {
            raise(now);
        } finally {
            lock.unlock();
        }
    }

    public CacheLimits limits() {
        return locked(table::limits);
    }

    /** Changes the limits; evicts what does not fit them. */
    public void limits(CacheLimits next) {
        lock.lock();
        try {
            table.limits(next);
        } finally {
            lock.unlock();
        }
    }

    public Scheme scheme() {
        return locked(table::scheme);
    }

    /** Changes the scheme; what fits stays, in the order in which the former scheme would have evicted it. */
    public void scheme(Scheme next) {
        lock.lock();
        try {
            table.scheme(next);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Evicts until the cache costs no more than this; the limits stay as they are. What lies within floors goes last: a floor holds against other
     * workloads, not against a machine without memory.
     *
     * @return how many bytes are free now that were not
     */
    public long shrink(long toBytes) {
        return locked(() -> {
            long before = table.bytes();
            table.shrink(toBytes);
            return before - table.bytes();
        });
    }

    /** What an embedding program calls when memory is short; the bytes that are free now. */
    public long pressure(MemoryPressure level) {
        return locked(() -> shrink(level.keep(table.bytes())));
    }

    /** What all entries cost now. */
    public long bytes() {
        return locked(table::bytes);
    }

    /** What the entries cost now that are charged to a workload. */
    public long bytes(Workload workload) {
        return locked(() -> table.bytes(workload));
    }

    /** What it did and what it holds, all of one moment. */
    public CacheStatistics statistics() {
        return locked(() -> table.statistics(clock.millis()));
    }

    private Lookup hit(Entry e, Workload workload) {
        Share charged = e.share;
        (workload.equals(charged.workload) ? charged : share(workload)).hits.increment();
        charged.order().hit(e);
        return new Lookup(e.token, Origin.HIT);
    }

    private Share share(Workload workload) {
        Share known = table.known(workload);
        return known == null ? locked(() -> table.share(workload)) : known;
    }

    private Lookup miss(TokenKey key, Workload workload, Loader<? extends X> loader) throws X, InterruptedException {
        Flight flight;
        lock.lock();
        try {
            Entry e = table.find(key);
            if (e != null) {
                return hit(e, workload);
            }
            flight = board(key, table.share(workload));
        } finally {
            lock.unlock();
        }
        return flight.loading == Thread.currentThread() ? load(flight, loader) : join(flight);
    }

    /** The flight that loads this key; a new one, of this thread, where there was none. */
    private Flight board(TokenKey key, Share share) {
        raise(key.generation());
        Flight flight = flights.get(key);
        if (flight == null) {
            flight = new Flight(key, share);
            flights.put(key, flight);
            share.loading++;
        } else if (flight.loading == Thread.currentThread()) {
            throw new IllegalStateException("the loader of a token asks for the same token: " + key);
        } else {
            share.joins++;
        }
        share.misses++;
        return flight;
    }

    private Lookup load(Flight flight, Loader<? extends X> loader) throws X {
        Instant begun = clock.instant();
        byte[] token;
        try {
            token = loader.load();
            if (token.length != TOKEN_BYTES) {
                throw new IllegalStateException(
                        "a token has %d bytes, and the loader gave %d".formatted(TOKEN_BYTES, token.length));
            }
        } catch (Throwable failure) {
            failed(flight);
            flight.failed(failure);
            throw failure;
        }
        byte[] kept = token.clone();
        Instant now = clock.instant();
        long nanos = Math.max(Duration.between(begun, now).toNanos(), 1);
        landed(flight, new Entry(flight.key, kept, flight.share, now.toEpochMilli(), nanos));
        flight.landed(kept);
        return new Lookup(kept, Origin.LOADED);
    }

    private void landed(Flight flight, Entry e) {
        lock.lock();
        try {
            flight.share.loading--;
            flight.share.loads++;
            // One that was flushed on its way is no longer among the flights; one of an older generation is never found
            // again.
            if (flights.remove(flight.key, flight) && flight.key.generation() >= generation) {
                table.admit(e);
            }
        } finally {
            lock.unlock();
        }
    }

    private void failed(Flight flight) {
        lock.lock();
        try {
            flight.share.loading--;
            flight.share.loadFailures++;
            flights.remove(flight.key, flight);
        } finally {
            lock.unlock();
        }
    }

    /** What the flight failed with, its loader threw. */
    @SuppressWarnings("unchecked")
    private Lookup join(Flight flight) throws X, InterruptedException {
        try {
            return new Lookup(flight.join(), Origin.JOINED);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException unchecked -> throw unchecked;
                case Error error -> throw error;
                case null -> throw new AssertionError("a flight fails with a cause", e);
                case Throwable checked -> throw (X) checked;
            }
        }
    }

    private long drop(Predicate<TokenKey> keys, Predicate<Share> shares, EvictionCause cause) {
        return locked(() -> {
            flights.values().removeIf(flight -> keys.test(flight.key) && shares.test(flight.share));
            return table.drop(e -> keys.test(e.key) && shares.test(e.share), cause);
        });
    }

    private void raise(long now) {
        if (now > generation) {
            generation = now;
            drop(key -> key.generation() < now, share -> true, EvictionCause.GENERATION);
        }
    }

    private <T> T locked(Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }
}
