package jsgx.launch.policy;

import java.util.List;

/** Numbers, each in at least one of some ranges; both ends belong to a range. */
record Ranges(long[] low, long[] high, String text) {

    /** One range. */
    record Range(long low, long high) {}

    static Ranges of(List<Range> ranges, String text) {
        return new Ranges(
                ranges.stream().mapToLong(Range::low).toArray(),
                ranges.stream().mapToLong(Range::high).toArray(),
                text);
    }

    boolean contains(long value) {
        for (int i = 0; i < low.length; i++) {
            if (low[i] <= value && value <= high[i]) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String toString() {
        return text;
    }
}
