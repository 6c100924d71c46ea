package jsgx.study.simulation;

/** A set of numbers below a bound whose last is found at once: a bit for each, and a bit for each word of the level below that is not empty. */
final class Marks {

    private static final int SHIFT = 6;

    private final long[][] levels;

    Marks(int bound) {
        int depth = 1;
        for (long words = words(bound); words > 1; words = words(words)) {
            depth++;
        }
        levels = new long[depth][];
        long size = bound;
        for (int level = 0; level < depth; level++) {
            size = words(size);
            levels[level] = new long[(int) size];
        }
    }

    private static long words(long bits) {
        return Math.max((bits + Long.SIZE - 1) >> SHIFT, 1);
    }

    void add(int number) {
        int index = number;
        for (long[] level : levels) {
            level[index >> SHIFT] |= 1L << index;
            index >>= SHIFT;
        }
    }

    /** Whether it was there. */
    boolean remove(int number) {
        if ((levels[0][number >> SHIFT] & (1L << number)) == 0) {
            return false;
        }
        int index = number;
        for (long[] level : levels) {
            int word = index >> SHIFT;
            level[word] &= ~(1L << index);
            if (level[word] != 0) {
                break;
            }
            index = word;
        }
        return true;
    }

    /** The greatest; there is one. */
    int last() {
        int index = 0;
        for (int level = levels.length - 1; level >= 0; level--) {
            long word = levels[level][index];
            if (word == 0) {
                throw new IllegalStateException("no number is marked");
            }
            index = (index << SHIFT) + Long.SIZE - 1 - Long.numberOfLeadingZeros(word);
        }
        return index;
    }
}
