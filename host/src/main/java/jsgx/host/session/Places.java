package jsgx.host.session;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import jsgx.host.config.HostOptions;
import jsgx.host.service.HostException;
import jsgx.machine.remote.Allowance;
import jsgx.machine.remote.RemoteSession;

/** Which front ends there are, of each user and of all, and what those of one user have together. */
final class Places {

    private static final Duration LAUNCH_WAIT = Duration.ofSeconds(60);

    private final HostOptions.Sessions most;

    // Guarded by this.
    private final Map<Integer, Share> users = new HashMap<>();
    private int all;

    /** What one user's front ends have together. */
    static final class Share {
        private final int uid;
        private final Allowance allowance;
        private final LaunchMemory launches;

        /** Guarded by the places. */
        private int sessions;

        private Share(int uid, HostOptions.Sessions most) {
            this.uid = uid;
            allowance = new Allowance(
                    new Allowance.Limits(
                            most.files(),
                            most.processes(),
                            most.threads(),
                            Allowance.Limits.DEFAULT.mappings(),
                            Allowance.Limits.DEFAULT.events()),
                    RemoteSession.PATIENCE);
            launches = new LaunchMemory(most.launchMemory(), LAUNCH_WAIT);
        }

        /** What runs have. */
        Allowance allowance() {
            return allowance;
        }

        /** @throws HostException where others have no patience with the user's programs, which would keep them waiting again */
        void checkPatience() throws HostException {
            Duration wait = allowance.untilPatient();
            if (wait.isPositive()) {
                throw new HostException(
                        "others have waited too long for programs of user %s, which were stopped or did not answer: try again in %d seconds"
                                .formatted(Integer.toUnsignedString(uid), wait.toSeconds() + 1));
            }
        }

        /** What the images of launches take. */
        LaunchMemory launches() {
            return launches;
        }
    }

    Places(HostOptions.Sessions most) {
        this.most = most;
    }

    /**
     * Takes a place for a user.
     *
     * @return what the user's front ends have
     * @throws HostException where there is none: why
     */
    synchronized Share take(int uid) throws HostException {
        // One who kept others waiting is remembered for as long as that counts.
        users.values().removeIf(user -> user.sessions == 0 && user.allowance.isUntouched());
        Share own = users.computeIfAbsent(uid, user -> new Share(uid, most));
        if (own.sessions >= most.perUid()) {
            throw new HostException(
                    "user %s has %d sessions already, as many as one may have: end one, or ask the administrator for more (sessions.per-uid)"
                            .formatted(Integer.toUnsignedString(uid), own.sessions));
        }
        if (all >= most.total()) {
            throw new HostException(
                    "there are %d sessions, as many as this host serves: try later, or ask the administrator for more (sessions.total)"
                            .formatted(all));
        }
        own.sessions++;
        all++;
        return own;
    }

    /** Gives a place back that was taken. */
    synchronized void give(Share share) {
        share.sessions--;
        all--;
    }

    synchronized int all() {
        return all;
    }

    /** How many users are remembered. */
    synchronized int users() {
        return users.size();
    }
}
