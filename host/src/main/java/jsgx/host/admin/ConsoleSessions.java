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
 * long; a session ends when its user says so, after a time without use, after a time in any case, with the daemon, or where newer ones take its place.
 *
 * <p>A session has two secrets. One is the browser's, a cookie, which scripts cannot read but which browsers send to every port of a name. The other is the page's, which
 * no other origin can read and browsers do not send by themselves. Neither is worth anything alone. What is kept of each secret is its hash.
 */
final class ConsoleSessions {

    private static final Duration LINK = Duration.ofMinutes(2);
    private static final Duration IDLE = Duration.ofHours(2);
    private static final Duration LONGEST = Duration.ofHours(12);
    private static final int MOST = 64;
    private static final int SECRET = 32;

    /** A session's secrets, as its browser gets them. */
    record Secrets(String cookie, String page) {}

    /** A link: the hash of its secret, whose it is, and until when it works. */
    private record Link(byte[] hash, String who, Instant until) {}

    /** A session: the hashes of its secrets, whose it is, when it ends if nobody uses it, and when in any case. */
    private record Session(byte[] cookie, byte[] page, String who, Instant idle, Instant end) {

        boolean isOver(Instant now) {
            return !now.isBefore(idle) || !now.isBefore(end);
        }

        Session used(Instant now) {
            return new Session(cookie, page, who, now.plus(IDLE), end);
        }
    }

    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    /** Both are guarded by this. */
    private final List<Link> links = new ArrayList<>();

    private final List<Session> sessions = new ArrayList<>();

    ConsoleSessions(InstantSource clock) {
        this.clock = clock;
    }

    /** Until when a link that is made now works. */
    Instant linkEnd() {
        return clock.instant().plus(LINK);
    }

    /** The secret of a new link for somebody. */
    synchronized String link(String who) {
        String secret = secret();
        links.add(new Link(hash(secret), who, linkEnd()));
        if (links.size() > MOST) {
            links.removeFirst();
        }
        return secret;
    }

    /** The secrets of a new session, for who follows a link; empty where there is no such link any more. */
    synchronized Optional<Secrets> follow(String link) {
        Instant now = clock.instant();
        links.removeIf(each -> !now.isBefore(each.until()));
        byte[] hash = hash(link);
        Optional<Link> found = links.stream()
                .filter(each -> MessageDigest.isEqual(each.hash(), hash))
                .findFirst();
        found.ifPresent(links::remove);
        return found.map(each -> {
            Secrets secrets = new Secrets(secret(), secret());
            sessions.add(new Session(
                    hash(secrets.cookie()), hash(secrets.page()), each.who(), now.plus(IDLE), now.plus(LONGEST)));
            if (sessions.size() > MOST) {
                sessions.removeFirst();
            }
            return secrets;
        });
    }

    /** Whose session this is, and it is used now; empty where it is none any more. */
    synchronized Optional<String> use(Secrets secrets) {
        Optional<Session> found = find(secrets);
        found.ifPresent(session -> {
            sessions.remove(session);
            sessions.add(session.used(clock.instant()));
        });
        return found.map(Session::who);
    }

    /** Whether this is a session still. */
    synchronized boolean holds(Secrets secrets) {
        return find(secrets).isPresent();
    }

    /** Ends a session; false where it is none. */
    synchronized boolean end(Secrets secrets) {
        Optional<Session> found = find(secrets);
        found.ifPresent(sessions::remove);
        return found.isPresent();
    }

    private Optional<Session> find(Secrets secrets) {
        Instant now = clock.instant();
        sessions.removeIf(session -> session.isOver(now));
        byte[] cookie = hash(secrets.cookie());
        byte[] page = hash(secrets.page());
        return sessions.stream()
                .filter(session ->
                        MessageDigest.isEqual(session.cookie(), cookie) && MessageDigest.isEqual(session.page(), page))
                .findFirst();
    }

    private String secret() {
        byte[] bytes = new byte[SECRET];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] hash(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
