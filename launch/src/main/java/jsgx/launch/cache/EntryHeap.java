package jsgx.launch.cache;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A binary heap of entries by priority, then by tick: the least is first. Each entry knows its slot, so that it can move and leave. */
final class EntryHeap {

    private static final int SMALLEST = 16;

    private @Nullable Entry[] entries = new @Nullable Entry[SMALLEST];
    private int size;

    static int compare(Entry a, Entry b) {
        int byPriority = Long.compare(a.priority, b.priority);
        return byPriority != 0 ? byPriority : Long.compare(a.tick, b.tick);
    }

    @Nullable
    Entry least() {
        return entries[0];
    }

    void add(Entry e) {
        if (size == entries.length) {
            entries = Arrays.copyOf(entries, size * 2);
        }
        size++;
        up(e, size - 1);
    }

    void remove(Entry e) {
        int slot = e.slot;
        size--;
        Entry last = at(size);
        entries[size] = null;
        if (!last.equals(e)) {
            up(last, slot);
            down(last);
        }
        if (size < entries.length / 4 && entries.length > SMALLEST) {
            entries = Arrays.copyOf(entries, entries.length / 2);
        }
    }

    /** Its priority or its tick rose. */
    void rose(Entry e) {
        down(e);
    }

    private void up(Entry e, int from) {
        int slot = from;
        while (slot > 0) {
            Entry parent = at((slot - 1) / 2);
            if (compare(parent, e) <= 0) {
                break;
            }
            place(parent, slot);
            slot = (slot - 1) / 2;
        }
        place(e, slot);
    }

    private void down(Entry e) {
        int slot = e.slot;
        for (int child = 2 * slot + 1; child < size; child = 2 * slot + 1) {
            if (child + 1 < size && compare(at(child + 1), at(child)) < 0) {
                child++;
            }
            if (compare(e, at(child)) <= 0) {
                break;
            }
            place(at(child), slot);
            slot = child;
        }
        place(e, slot);
    }

    private void place(Entry e, int slot) {
        entries[slot] = e;
        e.slot = slot;
    }

    private Entry at(int slot) {
        Entry e = entries[slot];
        if (e == null) {
            throw new AssertionError("an empty slot below the heap's size");
        }
        return e;
    }
}
