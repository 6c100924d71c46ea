package jsgx.launch.governor;

import java.util.List;
import java.util.Map;

/**
 * What a revocation met.
 *
 * @param revocation what was revoked
 * @param revision from which on it holds
 * @param waitedFor the launches that had begun under an older revision, and are over
 * @param purged how many tokens were removed, by the name of the cache or store
 * @param running the enclaves that it is about and that run already: nothing stops them
 */
public record RevocationReport(
        Revocation revocation,
        long revision,
        List<LaunchEntry> waitedFor,
        Map<String, Long> purged,
        List<LaunchEntry> running) {

    public RevocationReport {
        waitedFor = List.copyOf(waitedFor);
        purged = Map.copyOf(purged);
        running = List.copyOf(running);
    }
}
