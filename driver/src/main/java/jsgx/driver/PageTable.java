package jsgx.driver;

/**
 * The page tables of an {@link EmbeddedAddressSpace}, as far as they show EPC pages: a hash table with open addressing in
 * two arrays, since an object for each page would cost more than the entry.
 */
final class PageTable {

    /** What {@link #access} says of a page that is not mapped. */
    static final long NONE = 0;

    private static final int PAGE_SHIFT = 12;
    private static final long PRESENT = 1L << 32;
    private static final long ACCESSED = 1L << 33;
    private static final int PROTECTION_SHIFT = 34;
    private static final int MIN_CAPACITY = 16;

    /** Page numbers plus 1, so that 0 is a free place. */
    private long[] keys = new long[MIN_CAPACITY];

    private long[] entries = new long[MIN_CAPACITY];
    private int size;

    static int epcPage(long entry) {
        return (int) entry;
    }

    static int protection(long entry) {
        return (int) (entry >>> PROTECTION_SHIFT);
    }

    synchronized void map(long address, int epcPage, int protection) {
        if (2 * (size + 1) > keys.length) {
            resize(2 * keys.length);
        }
        int at = place(address);
        if (keys[at] == 0) {
            keys[at] = key(address);
            size++;
        }
        entries[at] = epcPage | PRESENT | (long) protection << PROTECTION_SHIFT;
    }

    /** What the table says of a page, {@link #NONE} where it says nothing. The page is marked accessed. */
    synchronized long access(long address) {
        int at = place(address);
        return keys[at] == 0 ? NONE : (entries[at] |= ACCESSED);
    }

    synchronized boolean testAndClearAccessed(long address) {
        int at = place(address);
        boolean accessed = keys[at] != 0 && (entries[at] & ACCESSED) != 0;
        entries[at] &= ~ACCESSED;
        return accessed;
    }

    synchronized void unmap(long start, long end) {
        long pages = (end - start) >>> PAGE_SHIFT;
        if (Long.compareUnsigned(pages, size) <= 0) {
            for (long address = start; address < end; address += 1L << PAGE_SHIFT) {
                remove(address);
            }
            return;
        }
        long[] old = keys.clone();
        for (long key : old) {
            long address = (key - 1) << PAGE_SHIFT;
            if (key != 0 && address >= start && address < end) {
                remove(address);
            }
        }
    }

    private void remove(long address) {
        int hole = place(address);
        if (keys[hole] == 0) {
            return;
        }
        size--;
        // Linear probing without tombstones: whoever was pushed past the hole moves back into it.
        int mask = keys.length - 1;
        for (int next = (hole + 1) & mask; keys[next] != 0; next = (next + 1) & mask) {
            int home = home(keys[next]);
            if (((next - home) & mask) >= ((next - hole) & mask)) {
                keys[hole] = keys[next];
                entries[hole] = entries[next];
                hole = next;
            }
        }
        keys[hole] = 0;
        entries[hole] = NONE;
        if (keys.length > MIN_CAPACITY && 8 * size < keys.length) {
            resize(keys.length / 2);
        }
    }

    private void resize(int capacity) {
        long[] oldKeys = keys;
        long[] oldEntries = entries;
        keys = new long[capacity];
        entries = new long[capacity];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldKeys[i] != 0) {
                int at = place((oldKeys[i] - 1) << PAGE_SHIFT);
                keys[at] = oldKeys[i];
                entries[at] = oldEntries[i];
            }
        }
    }

    /** Where the page's entry is, or the free place where it would go. */
    private int place(long address) {
        long key = key(address);
        int mask = keys.length - 1;
        int at = home(key);
        while (keys[at] != 0 && keys[at] != key) {
            at = (at + 1) & mask;
        }
        return at;
    }

    private int home(long key) {
        return (int) ((key * 0x9e3779b97f4a7c15L) >>> 32) & (keys.length - 1);
    }

    private static long key(long address) {
        return (address >>> PAGE_SHIFT) + 1;
    }

    /** For a test: how many pages are mapped. */
    synchronized int size() {
        return size;
    }
}
