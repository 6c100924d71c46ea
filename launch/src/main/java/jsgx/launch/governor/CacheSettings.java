package jsgx.launch.governor;

import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;

/**
 * How the kernel's cache of tokens is set up, but for its workloads.
 *
 * @param placement where tokens are kept: here, elsewhere, or nowhere
 * @param scheme which entry goes first
 * @param maxBytes the most that all entries cost
 * @param maxEntries the most entries, or {@link CacheLimits#UNLIMITED}
 */
public record CacheSettings(Placement placement, Scheme scheme, long maxBytes, long maxEntries) {

    public CacheSettings withPlacement(Placement other) {
        return new CacheSettings(other, scheme, maxBytes, maxEntries);
    }

    public CacheSettings withScheme(Scheme other) {
        return new CacheSettings(placement, other, maxBytes, maxEntries);
    }

    public CacheSettings withMaxBytes(long bytes) {
        return new CacheSettings(placement, scheme, bytes, maxEntries);
    }

    public CacheSettings withMaxEntries(long entries) {
        return new CacheSettings(placement, scheme, maxBytes, entries);
    }

    /** What differs from these, for people. */
    String from(CacheSettings before) {
        StringBuilder text = new StringBuilder();
        say(text, "placement", before.placement.id(), placement.id());
        say(text, "scheme", before.scheme.toString(), scheme.toString());
        say(text, "max-bytes", number(before.maxBytes), number(maxBytes));
        say(text, "max-entries", number(before.maxEntries), number(maxEntries));
        return text.toString();
    }

    /** A limit for people. */
    static String number(long limit) {
        return limit == CacheLimits.UNLIMITED ? "unlimited" : Long.toString(limit);
    }

    private static void say(StringBuilder text, String what, String before, String now) {
        if (!before.equals(now)) {
            text.append(text.isEmpty() ? "" : ", ")
                    .append(what)
                    .append(' ')
                    .append(before)
                    .append(" to ")
                    .append(now);
        }
    }
}
