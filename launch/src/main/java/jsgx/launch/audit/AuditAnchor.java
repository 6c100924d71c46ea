package jsgx.launch.audit;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jsgx.launch.LaunchException;

/**
 * How far an audit trail went, to be kept where whoever can write the trail cannot: all up to there can neither change nor go
 * without being found.
 *
 * @param number of an entry
 * @param hash its hash, in hex
 */
public record AuditAnchor(long number, String hash) {

    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,17}):([0-9a-f]{64})");

    /** Reads an anchor as {@link #toString} writes it. */
    public static AuditAnchor parse(String text) throws LaunchException {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new LaunchException(
                    "\"%s\" is no anchor: expected NUMBER:HASH as  jsgx audit anchor  prints it".formatted(text));
        }
        return new AuditAnchor(Long.parseLong(matcher.group(1)), matcher.group(2));
    }

    @Override
    public String toString() {
        return number + ":" + hash;
    }
}
