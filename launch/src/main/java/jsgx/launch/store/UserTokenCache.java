package jsgx.launch.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.token.TokenIdentity;
import org.jspecify.annotations.Nullable;

/**
 * The cache of a user who knows how long a token is needed and what memory it may take: tokens by the application's label, copies in
 * memory in front of a {@link TokenStore}. Several threads may use one, several processes one store.
 *
 * <pre>{@code
 * try (TokenStore store = TokenStore.in(folder)) {
 *     UserTokenCache cache = new UserTokenCache(store, () -> origin, clock);
 *     UserTokenCache.Attempted launched = cache.launch("loader", identity, Terms.DEFAULT, issuer, token -> init(token));
 * }
 * }</pre>
 */
public final class UserTokenCache {

    /** Makes tokens: a launch enclave, or a cache in front of one. */
    @FunctionalInterface
    public interface Issuer<X extends Exception> {

        /** A fresh EINITTOKEN of 304 bytes; empty where the enclave needs none. */
        byte[] issue(TokenIdentity identity) throws X;
    }

    /** Tries to launch with a token. */
    @FunctionalInterface
    public interface Attempt<X extends Exception> {

        /**
         * Runs INIT.
         *
         * @return what it returned: 0, EINIT's code, or the driver's
         */
        long init(byte[] token) throws X;
    }

    /**
     * How a launch by the retry contract came out.
     *
     * @param token the token of the last try
     * @param result what the last INIT returned
     * @param staleCode what INIT said to the store's token before a fresh one was tried; 0 where there was one try
     */
    public record Attempted(UserToken token, long result, long staleCode) {}

    private final TokenStore store;
    private final Supplier<TokenOrigin> here;
    private final InstantSource clock;
    private final @Nullable SharedTokens shared;

    /**
     * A cache in front of a store.
     *
     * @param here where tokens are made now: asked at each issue, as the launch enclave may be rotated
     */
    public UserTokenCache(TokenStore store, Supplier<TokenOrigin> here, InstantSource clock) {
        this(store, here, clock, null);
    }

    /**
     * A cache in front of a store, behind which there is one that several hosts share: where the store has nothing that was made here, a
     * token may have been made here for the same application in an earlier stay.
     *
     * @param here where tokens are made now: asked at each issue, as the launch enclave may be rotated
     * @param shared null for none
     */
    public UserTokenCache(
            TokenStore store, Supplier<TokenOrigin> here, InstantSource clock, @Nullable SharedTokens shared) {
        this.store = store;
        this.here = here;
        this.clock = clock;
        this.shared = shared;
    }

    /** The token of a label on the default terms. */
    public <X extends Exception> UserToken get(String label, TokenIdentity identity, Issuer<X> issuer)
            throws X, LaunchException {
        return get(label, identity, Terms.DEFAULT, issuer);
    }

    /**
     * The token of a label: the one that is kept where it was issued for this identity and has not expired, else a fresh one, which is
     * kept. A token of another platform or launch enclave is given all the same: EINIT knows better.
     *
     * @throws X where a fresh one is needed and cannot be had
     * @throws LaunchException where the store cannot be read: nothing is issued
     */
    public <X extends Exception> UserToken get(String label, TokenIdentity identity, Terms terms, Issuer<X> issuer)
            throws X, LaunchException {
        StoreRecord.checkLabel(label);
        Optional<TokenStore.Found> found = store.find(label);
        Optional<StoredToken> made = foundHere(label, identity, terms, found);
        if (made.isPresent()) {
            StoredToken token = made.get();
            String notKept = tryToKeep(token, false);
            return new UserToken(token.token(), UserToken.Source.STORE, "", notKept);
        }
        if (found.isEmpty()) {
            return issue(label, identity, terms, issuer, "", false);
        }
        StoredToken token = found.get().token();
        String why = ReissueReason.notGiven(token, identity, terms.trustStore(), now());
        if (!why.isEmpty()) {
            return issue(label, identity, terms, issuer, why, token.pinned());
        }
        store.used(label, now());
        UserToken.Source source = found.get().fromMemory() ? UserToken.Source.USER_CACHE : UserToken.Source.STORE;
        return new UserToken(token.token(), source, "", "");
    }

    /**
     * A fresh token in place of one that INIT refused.
     *
     * @param refused the token that was refused
     * @param result what INIT returned for it
     */
    public <X extends Exception> UserToken refetch(
            String label, TokenIdentity identity, Terms terms, byte[] refused, long result, Issuer<X> issuer)
            throws X, LaunchException {
        Optional<StoredToken> kept =
                store.find(label).map(TokenStore.Found::token).filter(token -> Arrays.equals(token.token(), refused));
        String why = ReissueReason.refused(result, EinitToken.of(refused), kept, identity, here.get());
        boolean pinned = kept.map(StoredToken::pinned).orElse(false);
        return issue(label, identity, terms, issuer, why, pinned);
    }

    /** Launches by the retry contract: with the token of a label, and once more with a fresh one where {@link RefetchRule} says so. */
    public <X extends Exception> Attempted launch(
            String label, TokenIdentity identity, Terms terms, Issuer<X> issuer, Attempt<X> attempt)
            throws X, LaunchException {
        UserToken token = get(label, identity, terms, issuer);
        long result = attempt.init(token.token());
        boolean fresh = token.source() == UserToken.Source.ISSUED;
        if (fresh || !RefetchRule.refetches(result, token.token(), identity.attributes())) {
            return new Attempted(token, result, 0);
        }
        UserToken again = refetch(label, identity, terms, token.token(), result, issuer);
        return new Attempted(again, attempt.init(again.token()), result);
    }

    /** Keeps a token that came from elsewhere; its identity is what it says itself. */
    public StoredToken keep(String label, byte[] token, Duration life) throws LaunchException {
        StoreRecord.checkLabel(label);
        TokenIdentity identity = StoredToken.identityOf(EinitToken.of(token));
        StoredToken kept = fresh(label, identity, TokenOrigin.UNKNOWN, token, life, false);
        store.keep(kept);
        return kept;
    }

    /** Keeps a budget from evicting a label's token, or no longer. False where there is no such label. */
    public boolean pin(String label, boolean pinned) throws LaunchException {
        return store.pin(label, pinned);
    }

    /** Gives a label's token another end; pinned or not, it is issued anew after that. False where there is no such label. */
    public boolean expire(String label, Instant at) throws LaunchException {
        Instant since1970 = at.isBefore(Instant.EPOCH) ? Instant.EPOCH : at;
        return store.expire(label, since1970.isBefore(StoredToken.NEVER) ? since1970 : StoredToken.NEVER);
    }

    /** Forgets a label's token. False where there is no such label. */
    public boolean discard(String label) throws LaunchException {
        return store.discard(label);
    }

    /** All tokens, by label. */
    public List<StoredToken> list() throws LaunchException {
        return store.list();
    }

    /** The token of a label as it is kept, whatever its identity. */
    public Optional<StoredToken> find(String label) throws LaunchException {
        return store.find(label).map(TokenStore.Found::token);
    }

    /** What all tokens take, in bytes of their records. */
    public long size() throws LaunchException {
        return store.size();
    }

    /** What all tokens may take, in bytes of their records. */
    public long budget() throws LaunchException {
        return store.budget();
    }

    /** Sets what all tokens may take; evicts what is beyond. */
    public List<String> budget(long bytes) throws LaunchException {
        return store.budget(bytes);
    }

    /** Forgets every token that a revocation hits; they are gone from file and memory when this returns. */
    public List<StoredToken> purge(Predicate<StoredToken> revoked) throws LaunchException {
        return store.purge(revoked);
    }

    private <X extends Exception> UserToken issue(
            String label, TokenIdentity identity, Terms terms, Issuer<X> issuer, String why, boolean pinned) throws X {
        byte[] token = issuer.issue(identity);
        String notKept = token.length == 0
                ? "none is needed: the enclave is signed by the launch enclave's own key"
                : tryToKeep(fresh(label, identity, here.get(), token, terms.life(), pinned), true);
        return new UserToken(token, UserToken.Source.ISSUED, why, notKept);
    }

    /** One that hosts share and that was made here, where the store has none that was. */
    private Optional<StoredToken> foundHere(
            String label, TokenIdentity identity, Terms terms, Optional<TokenStore.Found> found) {
        TokenOrigin origin = here.get();
        if (shared == null
                || terms.trustStore()
                || (found.isPresent() && found.get().token().origin().equals(origin))) {
            return Optional.empty();
        }
        try {
            return shared.find(origin, label)
                    .filter(token -> token.origin().equals(origin))
                    .filter(token -> token.label().equals(label))
                    .filter(token -> ReissueReason.notGiven(token, identity, false, now())
                            .isEmpty());
        } catch (LaunchException e) {
            // Nothing is lost by it but the time for a fresh one.
            return Optional.empty();
        }
    }

    /** A launch does not fail because its token could not be kept. */
    private String tryToKeep(StoredToken token, boolean fresh) {
        try {
            store.keep(token);
            if (fresh && shared != null) {
                shared.keep(token);
            }
            return "";
        } catch (LaunchException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private StoredToken fresh(
            String label, TokenIdentity identity, TokenOrigin origin, byte[] token, Duration life, boolean pinned) {
        Instant now = now();
        return new StoredToken(label, identity, origin, token, now, StoredToken.end(now, life), pinned, now);
    }

    /** What the store can keep of a time. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MILLIS);
    }
}
