package jsgx.host.peer;

import java.util.List;
import java.util.Locale;
import jsgx.host.config.HostOptions.Grant;
import jsgx.host.config.HostOptions.Right;

/** What users may say of their launches that is the host's to say for all others. */
public final class Grants {

    private final List<Grant> grants;

    public Grants(List<Grant> grants) {
        this.grants = List.copyOf(grants);
    }

    /** Whether a peer may say it. */
    public boolean allows(Peer peer, Right right) {
        return grants.stream()
                .anyMatch(grant -> grant.uid() == peer.uid() && grant.rights().contains(right));
    }

    /** Why a peer may not say it, for that peer: what it said, and what the administrator would have to do. */
    public static String refusal(Peer peer, Right right) {
        String word = right.name().toLowerCase(Locale.ROOT);
        return "--%s is the host's to say: it is not granted to user %s; leave it away, or ask the administrator for  grants: [{uid: %s, may: [%s]}]"
                .formatted(word, Integer.toUnsignedString(peer.uid()), Integer.toUnsignedString(peer.uid()), word);
    }
}
