package jsgx.host.admin;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/**
 * Who may use the console: browsers that followed a link which somebody had asked for on the admin socket. A link works once and not for
 * long; a session ends after a time without use, with the daemon, or where newer ones take its place. What is kept of each secret is its hash.
 */
final class ConsoleSessions {

    private static final Duration LINK = Duration.ofMinutes(2);
    private static final Duration IDLE = Duration.ofHours(12);
    private static final int MOST = 64;
    private static final int SECRET = 32;

    /** A link or a session: the hash of its secret, whose it is, and until when it holds. */
    private record Grant(byte[] hash, String who, Instant until) {}

    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    /** Both are guarded by this. */
    private final List<Grant> links = new ArrayList<>();

    private final List<Grant> sessions = new ArrayList<>();

    ConsoleSessions(InstantSource clock) {
        this.clock = clock;
    }

    /** Until when a link that is made now works. */
    Instant linkEnd() {
        return clock.instant().plus(LINK);
    }

    /** The secret of a new link for somebody. */
    synchronized String link(String who) {
        return add(links, who, LINK);
    }

    /** The secret of a new session, for who follows a link; empty where there is no such link any more. */
    synchronized Optional<String> follow(String link) {
        Optional<Grant> found = find(links, link);
        found.ifPresent(links::remove);
        return found.map(grant -> add(sessions, grant.who(), IDLE));
    }

    /** Whose session this is; empty where it is none any more. */
    synchronized Optional<String> who(String session) {
        Optional<Grant> found = find(sessions, session);
        found.ifPresent(grant -> {
            sessions.remove(grant);
            sessions.add(new Grant(grant.hash(), grant.who(), clock.instant().plus(IDLE)));
        });
        return found.map(Grant::who);
    }

    private String add(List<Grant> grants, String who, Duration life) {
        byte[] bytes = new byte[SECRET];
        random.nextBytes(bytes);
        String secret = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        grants.add(new Grant(hash(secret), who, clock.instant().plus(life)));
        if (grants.size() > MOST) {
            grants.removeFirst();
        }
        return secret;
    }

    private Optional<Grant> find(List<Grant> grants, String secret) {
        Instant now = clock.instant();
        grants.removeIf(grant -> !now.isBefore(grant.until()));
        byte[] hash = hash(secret);
        return grants.stream()
                .filter(grant -> MessageDigest.isEqual(grant.hash(), hash))
                .findFirst();
    }

    private static byte[] hash(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
