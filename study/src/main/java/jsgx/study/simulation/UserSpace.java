package jsgx.study.simulation;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.Supplier;
import jsgx.arch.struct.SgxError;
import jsgx.launch.LaunchException;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.Terms;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import jsgx.launch.store.UserToken;
import jsgx.launch.store.UserTokenCache;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/** Where one workload keeps its tokens: launch's own store, on a disk in memory, and what its process holds in front of it. */
final class UserSpace {

    /**
     * What launches find, and what is left of a request that is lost, while a token is on its way.
     *
     * @param token what the store really had; null for nothing
     */
    record Former(@Nullable StoredToken token) {}

    private static final Path FILE = Path.of("/", TokenStore.FILE_NAME);

    private final MemoryFiles disk = new MemoryFiles();
    private final Enclaves enclaves;
    private final Supplier<TokenOrigin> here;
    private final VirtualClock clock;
    private final Flights<String, Former> flights = new Flights<>();
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
    Flights<String, Former> flights() {
        return flights;
    }

    /** The token of a label, if there is one for this enclave. */
    @Nullable
    UserToken find(String label, TokenIdentity identity, long now) {
        clock.set(now);
        try {
            Flights.Flight<String, Former> pending = flights.pending(label, now);
            if (pending != null) {
                StoredToken former = pending.note().token();
                return former == null || !has(label)
                        ? null
                        : new UserToken(former.token(), UserToken.Source.USER_CACHE, "", "");
            }
            return cache.get(label, identity, asked -> {
                throw new NotYet();
            });
        } catch (NotYet e) {
            return null;
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /**
     * Keeps a token that a launch asks for and that is there later, whatever other launches asked for meanwhile. Where an equal one is on its way the
     * first of both is there; where the store lost that, or it is another one, what was asked for last is.
     */
    void keep(String label, TokenIdentity identity, byte[] token, long asked, long ready) {
        clock.set(ready);
        try {
            StoredToken had = cache.find(label).orElse(null);
            // A get would give what another launch asked for meanwhile; its own looked before that. This keeps in any
            // case.
            UserToken kept =
                    cache.refetch(label, identity, Terms.DEFAULT, token, SgxError.SUCCESS.code(), now -> token);
            if (!kept.notKept().isEmpty()) {
                return;
            }
            Flights.Flight<String, Former> pending = had == null ? null : flights.pending(label, asked);
            if (had == null || pending == null) {
                flights.departs(label, new Former(had), ready);
            } else {
                boolean same = Arrays.equals(had.token(), token);
                flights.departs(label, pending.note(), same ? Math.min(ready, pending.ready()) : ready);
            }
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** It needs this token no more. */
    void discard(String label) {
        flights.unwanted(label);
        try {
            cache.discard(label);
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Purges a revoked enclave; whether there was anything to purge. */
    boolean purge(String label, TokenIdentity identity) {
        flights.unwanted(label);
        try {
            return has(label)
                    && !cache.purge(token -> token.identity().equals(identity)).isEmpty();
        } catch (LaunchException e) {
            throw broken(e);
        }
    }

    /** Its machine loses what is on its way. */
    void interrupted(long now) {
        flights.lost(now, this::restore);
    }

    /** What was asked for never arrives: the store still has what it had, unless that had to make room. */
    private void restore(String label, Former former) {
        try {
            if (former.token() == null) {
                cache.discard(label);
            } else if (has(label)) {
                store.keep(former.token());
            }
        } catch (LaunchException e) {
            throw broken(e);
        }
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

    private boolean has(String label) throws LaunchException {
        return cache.find(label).isPresent();
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
