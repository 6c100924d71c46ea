package jsgx.launch.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the records of a store's file come to: for each label where its token lies, and what is evicted first. Not safe for threads. */
final class TokenIndex {

    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * What a budget may evict, in that order: all entries that are not pinned. Of those with the same end each stands where it belonged when it was
     * put here; one that was used since belongs further back, and goes there when it comes to the front.
     */
    private final NavigableSet<Entry> order = new TreeSet<>(TokenIndex::compare);

    private long budget = TokenStore.DEFAULT_BUDGET;
    private long size;

    /** A label that has a token. */
    static final class Entry {

        private final String label;
        private final long position;
        private final int size;
        private boolean pinned;
        private Instant expiresAt;
        private Instant lastUsed;

        /** What {@link #lastUsed} was when it was put into the order. */
        private Instant lastUsedInOrder;

        private Instant lastUsedOnDisk;
        private @Nullable StoredToken copy;

        private Entry(long position, int size, StoreRecord.Keep keep) {
            this.label = keep.label();
            this.position = position;
            this.size = size;
            this.pinned = keep.pinned();
            this.expiresAt = keep.expiresAt();
            this.lastUsed = keep.lastUsed();
            this.lastUsedInOrder = keep.lastUsed();
            this.lastUsedOnDisk = keep.lastUsed();
        }

        String label() {
            return label;
        }

        /** Where its KEEP record ends in the log. */
        long position() {
            return position;
        }

        /** The bytes of that record. */
        int size() {
            return size;
        }

        /** The token as it was kept, if memory has it. */
        @Nullable
        StoredToken copy() {
            return copy;
        }

        /** Has memory keep a copy of the token. */
        void copy(StoredToken kept) {
            copy = kept;
        }

        Instant lastUsedOnDisk() {
            return lastUsedOnDisk;
        }

        /** The token that was kept, with what happened to it since. */
        StoredToken current(StoredToken kept) {
            return new StoredToken(
                    label, kept.identity(), kept.origin(), kept.token(), kept.issuedAt(), expiresAt, pinned, lastUsed);
        }
    }

    @Nullable
    Entry get(String label) {
        return entries.get(label);
    }

    Collection<Entry> entries() {
        return entries.values();
    }

    long budget() {
        return budget;
    }

    /** The bytes of all entries' records. */
    long size() {
        return size;
    }

    /** A token is used now; the file knows nothing of it yet. */
    void used(Entry entry, Instant now) {
        if (now.isBefore(entry.lastUsedInOrder)) {
            order.remove(entry);
            entry.lastUsed = now;
            queue(entry);
        } else {
            entry.lastUsed = now;
        }
    }

    void clear() {
        entries.clear();
        order.clear();
        size = 0;
        budget = TokenStore.DEFAULT_BUDGET;
    }

    /**
     * Takes note of a record. One of a label that has no token any more says nothing: another process was faster.
     *
     * @param bytes of the record
     * @param end its position in the log
     */
    void apply(StoreRecord record, int bytes, long end) {
        switch (record) {
            case StoreRecord.Keep keep -> {
                remove(keep.label());
                Entry entry = new Entry(end, bytes, keep);
                entries.put(keep.label(), entry);
                queue(entry);
                size += bytes;
            }
            case StoreRecord.Discard(String label) -> remove(label);
            case StoreRecord.Pin(String label, boolean pinned) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    order.remove(entry);
                    entry.pinned = pinned;
                    queue(entry);
                }
            }
            case StoreRecord.Expire(String label, Instant at) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    order.remove(entry);
                    entry.expiresAt = at;
                    queue(entry);
                }
            }
            case StoreRecord.Used(String label, Instant at) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    entry.lastUsedOnDisk = at;
                    used(entry, entry.lastUsed.isAfter(at) ? entry.lastUsed : at);
                }
            }
            case StoreRecord.Budget(long limit) -> budget = limit;
        }
    }

    private static int compare(Entry a, Entry b) {
        int byEnd = a.expiresAt.compareTo(b.expiresAt);
        int byUse = byEnd != 0 ? byEnd : a.lastUsedInOrder.compareTo(b.lastUsedInOrder);
        return byUse != 0 ? byUse : a.label.compareTo(b.label);
    }

    private void queue(Entry entry) {
        entry.lastUsedInOrder = entry.lastUsed;
        if (!entry.pinned) {
            order.add(entry);
        }
    }

    private void remove(String label) {
        Entry old = entries.remove(label);
        if (old != null) {
            order.remove(old);
            size -= old.size;
        }
    }

    /**
     * What is evicted so that so many bytes less are taken, or as many as can be.
     *
     * @param spared a label that stays
     */
    List<Entry> victims(long over, String spared) {
        List<Entry> victims = new ArrayList<>();
        List<Entry> looked = new ArrayList<>();
        long freed = 0;
        while (freed < over && !order.isEmpty()) {
            Entry first = order.removeFirst();
            if (!first.lastUsedInOrder.equals(first.lastUsed)) {
                queue(first);
                continue;
            }
            looked.add(first);
            if (!first.label.equals(spared)) {
                victims.add(first);
                freed += first.size;
            }
        }
        // They stay until they are discarded.
        order.addAll(looked);
        return victims;
    }
}
