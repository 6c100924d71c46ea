package jsgx.machine.space;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Page table entries by page number, as far as they show EPC pages: arrays of 512, like the last level of the processor's own tables. Not for several threads
 * at once.
 */
final class PageEntries {

    /** There is no entry. */
    static final long NONE = 0;

    private static final long PRESENT = 1L << 32;
    private static final long ACCESSED = 1L << 33;
    private static final long AGED = 1L << 34;
    private static final int PROTECTION_SHIFT = 36;
    private static final int SHOWN_SHIFT = 40;
    private static final long PROTECTION_MASK = 7;

    private static final int CHUNK_SHIFT = 9;
    private static final int CHUNK = 1 << CHUNK_SHIFT;

    /** Sees an entry. */
    interface Visitor {
        void visit(long page, long entry);
    }

    private final TreeMap<Long, long[]> chunks = new TreeMap<>();
    private long lastChunk = -1;
    private long[] last = new long[CHUNK];

    /** An entry of a page that is not shown and was not accessed. */
    static long entry(int epcPage, int protection) {
        return PRESENT | epcPage | (long) protection << PROTECTION_SHIFT;
    }

    /** The EPC page that it leads to. */
    static int epcPage(long entry) {
        return (int) entry;
    }

    /** The protection of the mapping. */
    static int protection(long entry) {
        return (int) (entry >>> PROTECTION_SHIFT & PROTECTION_MASK);
    }

    /** The protection that the page really has in the process; 0 where it is not shown there. */
    static int shown(long entry) {
        return (int) (entry >>> SHOWN_SHIFT & PROTECTION_MASK);
    }

    static long withShown(long entry, int protection) {
        return (entry & ~(PROTECTION_MASK << SHOWN_SHIFT)) | (long) protection << SHOWN_SHIFT;
    }

    /** Whether it was accessed since the last {@link #aged}. */
    static boolean isAccessed(long entry) {
        return (entry & ACCESSED) != 0;
    }

    static long accessed(long entry) {
        return (entry | ACCESSED) & ~AGED;
    }

    /** Whether the reclaimer looked at it since it was last accessed. */
    static boolean isAged(long entry) {
        return (entry & AGED) != 0;
    }

    static long aged(long entry) {
        return (entry & ~ACCESSED) | AGED;
    }

    long get(long page) {
        long[] chunk = chunk(page >>> CHUNK_SHIFT);
        return chunk == null ? NONE : chunk[(int) page & (CHUNK - 1)];
    }

    void set(long page, long entry) {
        long number = page >>> CHUNK_SHIFT;
        long[] chunk = chunk(number);
        if (chunk == null) {
            if (entry == NONE) {
                return;
            }
            chunk = new long[CHUNK];
            chunks.put(number, chunk);
            last = chunk;
            lastChunk = number;
        }
        chunk[(int) page & (CHUNK - 1)] = entry;
    }

    private long @Nullable [] chunk(long number) {
        if (number == lastChunk) {
            return last;
        }
        long[] found = chunks.get(number);
        if (found != null) {
            last = found;
            lastChunk = number;
        }
        return found;
    }

    /** Shows all entries from a page up to another, lowest first. The visitor may set the entry that it sees. */
    void forEach(long from, long to, Visitor visitor) {
        for (Map.Entry<Long, long[]> chunk : chunks.subMap(from >>> CHUNK_SHIFT, true, to >>> CHUNK_SHIFT, true)
                .entrySet()) {
            long base = chunk.getKey() << CHUNK_SHIFT;
            long[] entries = chunk.getValue();
            for (int i = (int) Math.max(0, from - base); i < Math.min(CHUNK, to - base); i++) {
                if (entries[i] != NONE) {
                    visitor.visit(base + i, entries[i]);
                }
            }
        }
    }

    /** Forgets all entries from a page up to another. */
    void clear(long from, long to) {
        forEach(from, to, (page, entry) -> set(page, NONE));
        long firstWhole = (from + CHUNK - 1) >>> CHUNK_SHIFT;
        long endWhole = to >>> CHUNK_SHIFT;
        if (firstWhole < endWhole) {
            chunks.subMap(firstWhole, endWhole).clear();
            lastChunk = -1;
        }
    }

    /** The page numbers of all entries lie from this one on, up to {@link #end}. */
    long start() {
        return chunks.isEmpty() ? 0 : chunks.firstKey() << CHUNK_SHIFT;
    }

    long end() {
        return chunks.isEmpty() ? 0 : (chunks.lastKey() + 1) << CHUNK_SHIFT;
    }
}
