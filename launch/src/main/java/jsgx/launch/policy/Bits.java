package jsgx.launch.policy;

/**
 * What some bits of a word must be.
 *
 * @param mask the bits that matter
 * @param value what they must be
 * @param text as the file has it
 */
record Bits(long mask, long value, String text) {

    boolean holds(long word) {
        return (word & mask) == value;
    }

    @Override
    public String toString() {
        return text;
    }
}
