package jsgx.launch.store;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** What the records of a store's file come to: for each label where its token lies, and what is evicted first. Not safe for threads. */
final class TokenIndex {

    private static final Comparator<Entry> EVICTION = Comparator.comparing((Entry entry) -> entry.expiresAt)
            .thenComparing(entry -> entry.lastUsed)
            .thenComparing(entry -> entry.label);

    private final Map<String, Entry> entries = new LinkedHashMap<>();
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
        private Instant lastUsedOnDisk;
        private @Nullable StoredToken copy;

        private Entry(long position, int size, StoreRecord.Keep keep) {
            this.label = keep.label();
            this.position = position;
            this.size = size;
            this.pinned = keep.pinned();
            this.expiresAt = keep.expiresAt();
            this.lastUsed = keep.lastUsed();
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

        /** It is used now; the file knows nothing of it yet. */
        void used(Instant now) {
            lastUsed = now;
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

    void clear() {
        entries.clear();
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
                entries.put(keep.label(), new Entry(end, bytes, keep));
                size += bytes;
            }
            case StoreRecord.Discard(String label) -> remove(label);
            case StoreRecord.Pin(String label, boolean pinned) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    entry.pinned = pinned;
                }
            }
            case StoreRecord.Expire(String label, Instant at) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    entry.expiresAt = at;
                }
            }
            case StoreRecord.Used(String label, Instant at) -> {
                Entry entry = entries.get(label);
                if (entry != null) {
                    entry.lastUsedOnDisk = at;
                    entry.lastUsed = entry.lastUsed.isAfter(at) ? entry.lastUsed : at;
                }
            }
            case StoreRecord.Budget(long limit) -> budget = limit;
        }
    }

    private void remove(String label) {
        Entry old = entries.remove(label);
        if (old != null) {
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
        if (over <= 0) {
            return victims;
        }
        PriorityQueue<Entry> order = new PriorityQueue<>(EVICTION);
        for (Entry entry : entries.values()) {
            if (!entry.pinned && !entry.label.equals(spared)) {
                order.add(entry);
            }
        }
        long freed = 0;
        while (freed < over && !order.isEmpty()) {
            Entry victim = order.remove();
            victims.add(victim);
            freed += victim.size;
        }
        return victims;
    }
}
