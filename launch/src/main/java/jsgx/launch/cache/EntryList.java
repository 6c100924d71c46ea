package jsgx.launch.cache;

import org.jspecify.annotations.Nullable;

/** A doubly linked list through the entries themselves, from cold to hot. */
final class EntryList {

    private @Nullable Entry coldest;
    private @Nullable Entry hottest;
    private int size;

    @Nullable
    Entry coldest() {
        return coldest;
    }

    int size() {
        return size;
    }

    /** Puts an entry at the hot end. */
    void add(Entry e) {
        e.colder = hottest;
        e.hotter = null;
        if (hottest == null) {
            coldest = e;
        } else {
            hottest.hotter = e;
        }
        hottest = e;
        size++;
    }

    void remove(Entry e) {
        if (e.colder == null) {
            coldest = e.hotter;
        } else {
            e.colder.hotter = e.hotter;
        }
        if (e.hotter == null) {
            hottest = e.colder;
        } else {
            e.hotter.colder = e.colder;
        }
        e.colder = null;
        e.hotter = null;
        size--;
    }

    void moveToHotEnd(Entry e) {
        remove(e);
        add(e);
    }
}
