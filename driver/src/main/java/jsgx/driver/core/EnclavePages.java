package jsgx.driver.core;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The pages of one enclave, sorted by address, in arrays side by side: an object for each would outweigh all that a small enclave
 * needs. Guarded by the enclave's lock. An index is good until the lock is given up.
 */
public final class EnclavePages {

    /** {@link #place} of a page whose content is lost. */
    static final int LOST = -1;

    /** The bits of {@link #flags}: what a mapping may allow at most, PROT_ bits. */
    static final int PROTECTION = 7;

    /** The bits of {@link #flags}: the page is in the hands of the reclaimer. */
    static final int RECLAIMING = 1 << 3;

    /** The bits of {@link #flags}: isgx has trimmed the page. */
    public static final int TRIMMED = 1 << 4;

    private static final int TYPE_SHIFT = 5;
    private static final int FIRST_EVICTED = -2;
    private static final int MIN_CAPACITY = 4;

    private long[] numbers = {};
    private int[] places = {};
    private byte[] flags = {};
    private byte @Nullable [][] stored = null;
    private int size;

    public int size() {
        return size;
    }

    /** The index of the page with this number (its address divided by 4096), or the complement of where it would be. */
    public int find(long number) {
        if (size > 0 && numbers[size - 1] < number) {
            return ~size;
        }
        return Arrays.binarySearch(numbers, 0, size, number);
    }

    public long number(int index) {
        return numbers[index];
    }

    /** Where the page is: its EPC page if not negative; {@link #LOST}; or evicted, with {@link #slot}. */
    public int place(int index) {
        return places[index];
    }

    public boolean isResident(int index) {
        return places[index] >= 0;
    }

    public boolean isEvicted(int index) {
        return places[index] <= FIRST_EVICTED;
    }

    /** How many pages are evicted. */
    int evicted() {
        int evicted = 0;
        for (int i = 0; stored != null && i < size; i++) {
            evicted += isEvicted(i) ? 1 : 0;
        }
        return evicted;
    }

    /** The VA slot of an evicted page. */
    public int slot(int index) {
        return FIRST_EVICTED - places[index];
    }

    /** The ciphertext and PCMD of an evicted page. */
    public byte[] content(int index) {
        if (stored == null) {
            throw new IllegalStateException("no page of this enclave was evicted");
        }
        return stored[index];
    }

    public void resident(int index, int epcPage) {
        places[index] = epcPage;
        if (stored != null) {
            stored[index] = Paging.NOTHING;
        }
    }

    public void evicted(int index, int slot, byte[] content) {
        places[index] = FIRST_EVICTED - slot;
        if (stored == null) {
            stored = new byte[numbers.length][];
            Arrays.fill(stored, Paging.NOTHING);
        }
        stored[index] = content;
    }

    public void lost(int index) {
        resident(index, LOST);
    }

    public int flags(int index) {
        return flags[index] & 0xff;
    }

    public boolean has(int index, int flag) {
        return (flags[index] & flag) != 0;
    }

    public void set(int index, int flag) {
        flags[index] |= (byte) flag;
    }

    public void clear(int index, int flag) {
        flags[index] &= (byte) ~flag;
    }

    /** What a mapping of the page may allow at most. */
    public int protection(int index) {
        return flags[index] & PROTECTION;
    }

    public void protection(int index, int protection) {
        flags[index] = (byte) ((flags[index] & ~PROTECTION) | protection);
    }

    /** The page type's code, as the driver knows it. */
    public int type(int index) {
        return (flags[index] & 0xff) >>> TYPE_SHIFT;
    }

    public void type(int index, int type) {
        flags[index] = (byte) ((flags[index] & ((1 << TYPE_SHIFT) - 1)) | type << TYPE_SHIFT);
    }

    /** Puts a page in at the complement of what {@link #find} gave. */
    public void insert(int index, long number, int protection, int type) {
        if (size == numbers.length) {
            resize(Math.max(MIN_CAPACITY, size + (size >> 1)));
        }
        int moved = size - index;
        if (moved > 0) {
            System.arraycopy(numbers, index, numbers, index + 1, moved);
            System.arraycopy(places, index, places, index + 1, moved);
            System.arraycopy(flags, index, flags, index + 1, moved);
            if (stored != null) {
                System.arraycopy(stored, index, stored, index + 1, moved);
            }
        }
        if (stored != null) {
            stored[index] = Paging.NOTHING;
        }
        numbers[index] = number;
        places[index] = LOST;
        flags[index] = (byte) (protection | type << TYPE_SHIFT);
        size++;
    }

    public void remove(int index) {
        int moved = --size - index;
        System.arraycopy(numbers, index + 1, numbers, index, moved);
        System.arraycopy(places, index + 1, places, index, moved);
        System.arraycopy(flags, index + 1, flags, index, moved);
        if (stored != null) {
            System.arraycopy(stored, index + 1, stored, index, moved);
            stored[size] = Paging.NOTHING;
        }
    }

    /** Gives back what was allocated for pages that never came. */
    public void trim() {
        if (size < numbers.length) {
            resize(size);
        }
    }

    private void resize(int capacity) {
        int old = numbers.length;
        numbers = Arrays.copyOf(numbers, capacity);
        places = Arrays.copyOf(places, capacity);
        flags = Arrays.copyOf(flags, capacity);
        if (stored != null) {
            stored = Arrays.copyOf(stored, capacity);
            if (capacity > old) {
                Arrays.fill(stored, old, capacity, Paging.NOTHING);
            }
        }
    }
}
