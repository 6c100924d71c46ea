package jsgx.launch.policy;

/** A pattern for names in which {@code *} stands for any characters and all else for itself. */
final class Glob {

    private final String pattern;
    private final String[] parts;

    Glob(String pattern) {
        this.pattern = pattern;
        this.parts = pattern.split("\\*", -1);
    }

    /** Takes time proportional to the name's length times the pattern's at the worst. */
    boolean matches(String name) {
        if (parts.length == 1) {
            return name.equals(pattern);
        }
        String head = parts[0];
        String tail = parts[parts.length - 1];
        if (name.length() < head.length() + tail.length() || !name.startsWith(head) || !name.endsWith(tail)) {
            return false;
        }
        int at = head.length();
        int end = name.length() - tail.length();
        for (int i = 1; i < parts.length - 1; i++) {
            int found = name.indexOf(parts[i], at);
            if (found < 0 || found + parts[i].length() > end) {
                return false;
            }
            at = found + parts[i].length();
        }
        return true;
    }

    @Override
    public String toString() {
        return pattern;
    }
}
