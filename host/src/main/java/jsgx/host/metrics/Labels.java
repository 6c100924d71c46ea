package jsgx.host.metrics;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The values of labels, of which there are only so many however many names there are: the first that come keep theirs. */
final class Labels {

    /** What all others are called. */
    static final String OTHER = "other";

    private static final Pattern CODE = Pattern.compile("[A-Z][A-Z0-9_]{0,39}");

    private final int most;
    private final Set<String> known = ConcurrentHashMap.newKeySet();

    /** At most so many, and {@link #OTHER}. */
    Labels(int most) {
        this.most = most;
    }

    /** The value for a name: the same each time. */
    String of(String name) {
        if (known.contains(name)) {
            return name;
        }
        synchronized (known) {
            return known.size() < most && !name.equals(OTHER) && known.add(name) ? name : OTHER;
        }
    }

    /** A code's value; what is a text for people becomes one name. */
    static String code(String code) {
        return CODE.matcher(code).matches() ? code : "NOT_EXECUTED";
    }
}
