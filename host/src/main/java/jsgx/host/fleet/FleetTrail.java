package jsgx.host.fleet;

/**
 * Whose audit trail it is.
 *
 * @param platform the id of the host's package
 * @param host the host's name, for people
 * @param key the trail's public key in hex: another trail of the same host has another
 */
public record FleetTrail(String platform, String host, String key) {

    private static final int SHORT = 16;

    /** What tells it from others: the same as long as the trail goes on. */
    String id() {
        return platform + "/" + key.substring(0, Math.min(SHORT, key.length()));
    }
}
