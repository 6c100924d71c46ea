package jsgx.launch.store;

import java.util.Optional;
import java.util.function.Predicate;
import jsgx.launch.LaunchException;

/** Tokens found by where they were made and by label, so that whoever comes back to a platform finds those of that platform. */
public interface SharedTokens {

    /**
     * The token of a label that was made there.
     *
     * @throws LaunchException where nobody can tell
     */
    Optional<StoredToken> find(TokenOrigin origin, String label) throws LaunchException;

    /**
     * Keeps a token in place of what its origin and label had; makes room for it where there is none.
     *
     * @throws LaunchException where it cannot be kept
     */
    void keep(StoredToken token) throws LaunchException;

    /** Forgets the tokens of a platform that a revocation hits; returns how many. */
    long purge(String platform, Predicate<StoredToken> revoked) throws LaunchException;
}
