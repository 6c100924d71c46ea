package jsgx.driver.core;

import java.util.Arrays;
import jsgx.arch.struct.VaPage;

/**
 * The version array pages of one enclave, and which of their slots are taken. Guarded by the enclave's lock. A slot is named by one
 * number, 512 times the index of its page plus its index there.
 */
final class VersionArrays {

    private static final int WORDS = VaPage.SLOTS / Long.SIZE;
    private static final int[] NONE = {};

    private int[] pages = NONE;
    private long[] taken = {};

    int count() {
        return pages.length;
    }

    /** The EPC page of the array that has this slot. */
    int page(int slot) {
        return pages[slot / VaPage.SLOTS];
    }

    int[] pages() {
        return pages;
    }

    void add(int page) {
        pages = Arrays.copyOf(pages, pages.length + 1);
        taken = Arrays.copyOf(taken, pages.length * WORDS);
        pages[pages.length - 1] = page;
    }

    /** Takes away the last page, of which no slot is taken. */
    int removeLast() {
        int last = pages[pages.length - 1];
        pages = Arrays.copyOf(pages, pages.length - 1);
        taken = Arrays.copyOf(taken, pages.length * WORDS);
        return last;
    }

    boolean lastIsEmpty() {
        for (int word = taken.length - WORDS; word < taken.length; word++) {
            if (taken[word] != 0) {
                return false;
            }
        }
        return pages.length > 0;
    }

    /** Takes a free slot. There is one for each page of the enclave. */
    int takeSlot() {
        for (int word = 0; word < taken.length; word++) {
            long free = ~taken[word];
            if (free != 0) {
                int bit = Long.numberOfTrailingZeros(free);
                taken[word] |= 1L << bit;
                return word * Long.SIZE + bit;
            }
        }
        throw new IllegalStateException("no free VA slot in " + pages.length + " pages");
    }

    void freeSlot(int slot) {
        taken[slot / Long.SIZE] &= ~(1L << (slot % Long.SIZE));
    }
}
