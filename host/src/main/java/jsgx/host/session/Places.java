package jsgx.host.session;

import java.util.HashMap;
import java.util.Map;
import jsgx.host.config.HostOptions;

/** How many front ends there are, of each user and of all. */
final class Places {

    private final HostOptions.Sessions most;

    // Guarded by this.
    private final Map<Integer, Integer> taken = new HashMap<>();
    private int all;

    Places(HostOptions.Sessions most) {
        this.most = most;
    }

    /** Takes a place for a user: why there is none; empty where one is taken. */
    synchronized String take(int uid) {
        int own = taken.getOrDefault(uid, 0);
        if (own >= most.perUid()) {
            return "user %s has %d sessions already, as many as one may have: end one, or ask the administrator for more (sessions.per-uid)"
                    .formatted(Integer.toUnsignedString(uid), own);
        }
        if (all >= most.total()) {
            return "there are %d sessions, as many as this host serves: try later, or ask the administrator for more (sessions.total)"
                    .formatted(all);
        }
        taken.put(uid, own + 1);
        all++;
        return "";
    }

    /** Gives a place back that was taken. */
    synchronized void give(int uid) {
        taken.computeIfPresent(uid, (user, own) -> own > 1 ? own - 1 : null);
        all--;
    }

    synchronized int all() {
        return all;
    }
}
