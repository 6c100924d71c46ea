package jsgx.study.simulation;

import java.nio.file.Path;
import java.util.function.Supplier;
import jsgx.launch.LaunchException;
import jsgx.launch.store.Terms;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/** Where one workload keeps its tokens: launch's own store, on a disk in memory, and what its process holds in front of it. */
final class UserSpace {

    private static final Path FILE = Path.of("/", TokenStore.FILE_NAME);

    private final MemoryFiles disk = new MemoryFiles();
    private final Enclaves enclaves;
    private final Supplier<TokenOrigin> here;
    private final VirtualClock clock;
    private final Flights<String> flights = new Flights<>();
    private TokenStore store;
    private UserTokenCache cache;
    private long evictions;

    /**
     * An empty store.
     *
     * @param budget what its tokens may take of its file, in bytes
     */
    UserSpace(long budget, Enclaves enclaves, Supplier<TokenOrigin> here, VirtualClock clock) {
        this.enclaves = enclaves;
        this.here = here;
        this.clock = clock;
        try {
            this.store = TokenStore.open(disk, FILE);
            this.cache = new UserTokenCache(store, here, clock);
            cache.budget(budget);
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Tokens on their way to its store, by label. */
    Flights<String> flights() {
        return flights;
    }

    /** The token of a label, if there is one for this enclave. */
    @Nullable
    UserToken find(String label, TokenIdentity identity, long now) {
        if (flights.ready(label) > now) {
            return null;
        }
        clock.set(now);
        try {
            return cache.get(label, identity, asked -> {
                throw new NotYet();
            });
        } catch (NotYet e) {
            return null;
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Keeps a token that a launch asks for and that is there later. */
    void keep(String label, TokenIdentity identity, byte[] token, long asked, long ready) {
        clock.set(ready);
        try {
            cache.get(label, identity, now -> token);
        } catch (LaunchException e) {
            throw broken(e);
        }
        flights.departs(label, token, asked, ready);
    }

    /** Keeps one in place of one that EINIT refused. */
    void keep(String label, TokenIdentity identity, byte[] token, long asked, long ready, byte[] refused, long code) {
        clock.set(ready);
        try {
            cache.refetch(label, identity, Terms.DEFAULT, refused, code, now -> token);
        } catch (LaunchException e) {
            throw broken(e);
        }
        flights.departs(label, token, asked, ready);
    }

    /** It needs this token no more. */
    void discard(String label) {
        try {
            cache.discard(label);
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Purges a revoked enclave; whether there was anything to purge. */
    boolean purge(String label, TokenIdentity identity) {
        flights.revoked(label::equals);
        try {
            return cache.find(label).isPresent()
                    && !cache.purge(token -> token.identity().equals(identity)).isEmpty();
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Its machine loses what is on its way. */
    void interrupted(long now) {
        flights.lost(now, (label, token) -> discard(label));
    }

    /** Its process and what that held is gone, its disk is not. */
    void reboot() {
        evictions += store.evictions();
        store.close();
        try {
            store = TokenStore.open(disk, FILE);
        } catch (LaunchException e) {
            throw broken(e);
        }
        cache = new UserTokenCache(store, here, clock);
    }

    /** What its tokens take, in bytes of their records and of memory. */
    long bytes() {
        long records = records();
        long leastRecord = enclaves.leastRecord();
        return records / leastRecord * enclaves.leastHeld() + records % leastRecord;
    }

    /** How many tokens it has. */
    long held() {
        return records() / enclaves.leastRecord();
    }

    private long records() {
        try {
            return cache.size();
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** How many tokens had to make room. */
    long evictions() {
        return evictions + store.evictions();
    }

    private static IllegalStateException broken(LaunchException e) {
        return new IllegalStateException("a disk in memory does not fail", e);
    }
}
