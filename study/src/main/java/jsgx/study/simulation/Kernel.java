package jsgx.study.simulation;

import java.util.Map;
import jsgx.driver.Workload;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.CacheStatistics;
import jsgx.launch.cache.EvictionCause;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.cache.Lookup;
import jsgx.launch.cache.Scheme;
import jsgx.launch.token.KeyGenerations;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenKey;
import org.jspecify.annotations.Nullable;

/** The kernel of one machine: launch's own cache where the design has one, and the launch enclave, which answers one request at a time. */
final class Kernel {

    private final int machine;
    private final @Nullable Scheme scheme;
    private final CacheLimits limits;
    private final VirtualClock clock;
    private @Nullable KernelTokenCache<NotYet> cache;

    private final Flights<TokenKey, byte[]> flights = new Flights<>();

    /** When the launch enclave has answered all that it was asked. */
    private long free;

    private long evictions;
    private long peakBytes;
    long launches;
    long hits;

    /** The launch enclave that it saw last, and how often it saw another one. */
    private int launchEnclave;

    private long rotations;
    private final KeyGenerations generations;

    /**
     * The kernel of a machine that starts.
     *
     * @param scheme null for a kernel that keeps nothing
     */
    Kernel(int machine, Packages packages, @Nullable Scheme scheme, CacheLimits limits, VirtualClock clock) {
        this.machine = machine;
        this.scheme = scheme;
        this.limits = limits;
        this.clock = clock;
        this.launchEnclave = packages.launchEnclave(machine);
        this.generations = new KeyGenerations(() -> packages.cpuSvn(machine), () -> rotations(packages));
        this.cache = fresh();
    }

    private @Nullable KernelTokenCache<NotYet> fresh() {
        return scheme == null ? null : new KernelTokenCache<>(limits, scheme, clock);
    }

    boolean keeps() {
        return cache != null;
    }

    int machine() {
        return machine;
    }

    /** When the launch enclave has answered a request that comes now. */
    long ask(long now, long work) {
        free = Times.later(Math.max(now, free), work);
        return free;
    }

    /** What the kernel notices of the launch key, when it looks. */
    long generation() {
        return generations.now();
    }

    private long rotations(Packages packages) {
        int now = packages.launchEnclave(machine);
        rotations += now == launchEnclave ? 0 : 1;
        launchEnclave = now;
        return rotations;
    }

    /** The token, if the cache has it. */
    byte @Nullable [] find(TokenKey key, Workload workload, long now) {
        clock.set(now);
        try {
            return cached().get(key, workload, () -> {
                        throw new NotYet();
                    })
                    .token();
        } catch (NotYet e) {
            return null;
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
    }

    /** Tokens on their way to its cache. */
    Flights<TokenKey, byte[]> flights() {
        return flights;
    }

    /** Keeps a token that a launch asks for and that is there later. */
    void keep(TokenKey key, Workload workload, byte[] token, long asked, long ready) {
        clock.set(asked);
        try {
            Lookup lookup = cached().get(key, workload, () -> {
                clock.set(ready);
                return token;
            });
            assert lookup.origin() == Lookup.Origin.LOADED;
        } catch (NotYet e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            throw interrupted(e);
        }
        flights.departs(key, token, ready);
        peakBytes = Math.max(peakBytes, cached().bytes());
    }

    /** EINIT refused a token of the cache. */
    void refused(TokenKey key, byte[] token) {
        cached().refused(key, token);
    }

    /** What a workload is charged for. */
    long bytes(Workload workload) {
        return cache == null ? 0 : cache.bytes(workload);
    }

    /** How many tokens its cache has. */
    long held() {
        return cache == null || scheme == null ? 0 : cache.bytes() / scheme.entryBytes();
    }

    /** Purges a revoked enclave. */
    void purge(TokenIdentity revoked) {
        flights.revoked(flying -> flying.identity().equals(revoked));
        if (cache != null) {
            cache.flush(identity -> identity.equals(revoked));
        }
    }

    /** Its launch enclave and what that was asked is lost. */
    void interrupted(long now) {
        flights.lost(now, this::refused);
        free = now;
    }

    /** Its memory is lost. */
    void reboot() {
        evictions = evictions();
        cache = fresh();
    }

    /** How many tokens had to make room. */
    long evictions() {
        if (cache == null) {
            return 0;
        }
        CacheStatistics statistics = cache.statistics();
        Map<EvictionCause, Long> causes = statistics.total().evictions();
        return evictions
                + causes.getOrDefault(EvictionCause.SIZE, 0L)
                + causes.getOrDefault(EvictionCause.ENTRIES, 0L)
                + causes.getOrDefault(EvictionCause.CEILING, 0L);
    }

    long peakBytes() {
        return peakBytes;
    }

    private KernelTokenCache<NotYet> cached() {
        KernelTokenCache<NotYet> present = cache;
        if (present == null) {
            throw new IllegalStateException("this design's kernels keep nothing");
        }
        return present;
    }

    private static IllegalStateException interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new IllegalStateException("nobody waits in virtual time", e);
    }
}
