package jsgx.launch.store;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import jsgx.launch.LaunchException;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.RecordLog;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code tokens} in which a user's tokens outlive process and reboot, 0600, one record a change, a checksum a record; with an
 * index of it in memory, and copies of the tokens that were asked for. Any number of processes may have it open: what one of them
 * acknowledged the others find with their next call. It is not encrypted, since a token is no secret, and not signed, since EINIT
 * checks each token: whoever forges the file gets what EINIT refuses.
 *
 * <p>All live tokens together keep within a budget in bytes of their records. What is over it is evicted, never a pinned token, in this
 * order: the nearest end first, and of those with the same end (mostly none) the least recently used. So what has expired goes first.
 */
public final class TokenStore implements AutoCloseable {

    /** The file's name in the state folder. */
    public static final String FILE_NAME = "tokens";

    /** What all tokens may take where nobody said anything: room for some hundred thousand. */
    public static final long DEFAULT_BUDGET = 64L << 20;

    /** How old a last-used time on disk may be. A get that wrote each time would cost a write. */
    private static final Duration USED_GRAIN = Duration.ofMinutes(1);

    /** Dead records that are not worth a compaction. */
    private static final long SLACK = 1L << 16;

    static final RecordLog.Format FORMAT = new RecordLog.Format(
            "JSGXTOKN",
            1,
            StoreRecord.MAX_SIZE,
            "move the file away and begin with an empty store: every token in it can be issued anew");

    private static final Comparator<Entry> EVICTION = Comparator.comparing((Entry entry) -> entry.expiresAt)
            .thenComparing(entry -> entry.lastUsed)
            .thenComparing(entry -> entry.label);

    private final Path file;
    private final RecordLog log;

    /** Guards what follows. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private long budget = DEFAULT_BUDGET;

    /** The bytes of all live KEEP records. */
    private long live;

    /** How far the log was read. */
    private long position;

    /** What the index knows of a label. */
    private static final class Entry {

        private final String label;

        /** Where its KEEP record ends in the log. */
        private final long position;

        /** The bytes of that record. */
        private final int size;

        private boolean pinned;
        private Instant expiresAt;
        private Instant lastUsed;
        private Instant lastUsedOnDisk;
        private @Nullable StoredToken copy;

        Entry(long position, int size, StoreRecord.Keep keep) {
            this.label = keep.label();
            this.position = position;
            this.size = size;
            this.pinned = keep.pinned();
            this.expiresAt = keep.expiresAt();
            this.lastUsed = keep.lastUsed();
            this.lastUsedOnDisk = keep.lastUsed();
        }

        void used(Instant at) {
            lastUsedOnDisk = at;
            lastUsed = lastUsed.isAfter(at) ? lastUsed : at;
        }

        StoredToken current(StoredToken kept) {
            return new StoredToken(
                    label, kept.identity(), kept.origin(), kept.token(), kept.issuedAt(), expiresAt, pinned, lastUsed);
        }
    }

    /**
     * A token that was found.
     *
     * @param fromMemory whether a copy in memory answered, not the file
     */
    record Found(StoredToken token, boolean fromMemory) {}

    private TokenStore(Path file, RecordLog log) {
        this.file = file;
        this.log = log;
    }

    /** The store in a state folder; both are made where they are not there yet. */
    public static TokenStore in(Path folder) throws LaunchException {
        return open(FileLayer.REAL, folder.resolve(FILE_NAME));
    }

    /**
     * The store in a file.
     *
     * @throws LaunchException where it cannot be read or is damaged: nothing is given from it then, and nothing in it changed
     */
    static TokenStore open(FileLayer files, Path file) throws LaunchException {
        TokenStore store = new TokenStore(file, RecordLog.open(files, file, FORMAT));
        try {
            store.refresh();
        } catch (LaunchException e) {
            store.close();
            throw e;
        }
        return store;
    }

    /** The file. */
    public Path path() {
        return file;
    }

    /** The token of a label, whatever its identity. */
    Optional<Found> find(String label) throws LaunchException {
        lock.lock();
        try {
            refresh();
            Entry entry = entries.get(label);
            if (entry == null) {
                return Optional.empty();
            }
            StoredToken copy = entry.copy;
            boolean fromMemory = copy != null;
            if (copy == null) {
                copy = read(entry);
                entry.copy = copy;
            }
            return Optional.of(new Found(entry.current(copy), fromMemory));
        } finally {
            lock.unlock();
        }
    }

    /** All tokens, by label. */
    List<StoredToken> list() throws LaunchException {
        lock.lock();
        try {
            refresh();
            return matching(token -> true);
        } finally {
            lock.unlock();
        }
    }

    /** Notes that a token was given to a launch: on disk where what it says there is old. */
    void used(String label, Instant now) {
        lock.lock();
        try {
            Entry entry = entries.get(label);
            if (entry == null) {
                return;
            }
            entry.lastUsed = now;
            if (Duration.between(entry.lastUsedOnDisk, now).abs().compareTo(USED_GRAIN) >= 0) {
                log.append(StoreRecord.encode(new StoreRecord.Used(label, now)));
            }
        } catch (LaunchException e) {
            // The token is good all the same; a full disk is told to whoever wants to keep something.
        } finally {
            lock.unlock();
        }
    }

    /**
     * Keeps a token in place of what its label had; evicts what a budget has no room for. It is durable when this returns.
     *
     * @throws LaunchException where it cannot be kept; what was kept before still is
     */
    void keep(StoredToken token) throws LaunchException {
        long[] end = new long[1];
        change(() -> {
            Entry old = entries.get(token.label());
            long over = live - (old == null ? 0 : old.size) + token.size() - budget;
            List<Entry> victims = victims(over, token.label());
            if (!token.pinned() && over > size(victims)) {
                throw new LaunchException(
                        "no room for a token of %d bytes: pinned ones leave less of the budget of %d bytes; raise it with  jsgx token budget  or unpin one with  jsgx token pin --off"
                                .formatted(token.size(), budget));
            }
            end[0] = log.append(StoreRecord.encode(token));
            discard(victims);
            return true;
        });
        lock.lock();
        try {
            with(token.label(), entry -> entry.copy = entry.position == end[0] ? token : entry.copy);
        } finally {
            lock.unlock();
        }
    }

    /** Pins a label's token, or no longer; false where there is no such label. */
    boolean pin(String label, boolean pinned) throws LaunchException {
        return change(label, StoreRecord.encode(new StoreRecord.Pin(label, pinned)));
    }

    /** Gives a label's token another end; false where there is no such label. */
    boolean expire(String label, Instant at) throws LaunchException {
        return change(label, StoreRecord.encode(new StoreRecord.Expire(label, at)));
    }

    /** Forgets a label's token; false where there is no such label. */
    boolean discard(String label) throws LaunchException {
        return change(label, StoreRecord.encode(new StoreRecord.Discard(label)));
    }

    /** What all tokens may take. */
    long budget() throws LaunchException {
        lock.lock();
        try {
            refresh();
            return budget;
        } finally {
            lock.unlock();
        }
    }

    /** What all tokens take, in bytes of their records. */
    long size() throws LaunchException {
        lock.lock();
        try {
            refresh();
            return live;
        } finally {
            lock.unlock();
        }
    }

    /** Sets what all tokens may take, and evicts what is beyond; returns the labels that went. */
    List<String> budget(long bytes) throws LaunchException {
        List<String> evicted = new ArrayList<>();
        change(() -> {
            log.append(StoreRecord.encode(new StoreRecord.Budget(bytes)));
            List<Entry> victims = victims(live - bytes, "");
            discard(victims);
            victims.forEach(victim -> evicted.add(victim.label));
            return true;
        });
        return evicted;
    }

    /** Forgets tokens, from the file's bytes too; returns which. */
    public List<StoredToken> purge(Predicate<StoredToken> revoked) throws LaunchException {
        List<StoredToken> purged = new ArrayList<>();
        change(() -> {
            purged.addAll(matching(revoked));
            if (!purged.isEmpty()) {
                Set<String> labels = purged.stream().map(StoredToken::label).collect(Collectors.toSet());
                rewrite(entry -> !labels.contains(entry.label));
            }
            return !purged.isEmpty();
        });
        return purged;
    }

    @Override
    public void close() {
        log.close();
    }

    private interface Change {
        /** Appends records, or none; tells which. */
        boolean apply() throws LaunchException;
    }

    private boolean change(String label, byte[] record) throws LaunchException {
        return change(() -> {
            boolean there = entries.containsKey(label);
            if (there) {
                log.append(record);
            }
            return there;
        });
    }

    /** Changes the file with no other process in between; what was changed is durable when this returns. */
    private boolean change(Change change) throws LaunchException {
        boolean[] changed = new boolean[1];
        long upTo;
        lock.lock();
        try {
            log.exclusively(() -> {
                refresh();
                changed[0] = change.apply();
                refresh();
                compact();
            });
            upTo = position;
        } finally {
            lock.unlock();
        }
        if (changed[0]) {
            log.force(upTo);
        }
        return changed[0];
    }

    /** Reads what this process and others appended since the last look. */
    private void refresh() throws LaunchException {
        position = log.read(position, new RecordLog.Visitor() {
            @Override
            public void replaced() {
                entries.clear();
                live = 0;
                budget = DEFAULT_BUDGET;
            }

            @Override
            public void record(ByteBuffer record, long end) throws LaunchException {
                int size = record.remaining();
                try {
                    apply(StoreRecord.decode(record), size, end);
                } catch (LaunchException e) {
                    throw new LaunchException(
                            "%s: before position %d: %s; %s".formatted(file, end, e.getMessage(), FORMAT.remedy()), e);
                }
            }
        });
    }

    /** A record of a label that is not there any more says nothing: another process was faster. */
    private void apply(StoreRecord record, int size, long end) {
        switch (record) {
            case StoreRecord.Keep keep -> {
                forget(keep.label());
                entries.put(keep.label(), new Entry(end, size, keep));
                live += size;
            }
            case StoreRecord.Discard(String label) -> forget(label);
            case StoreRecord.Pin(String label, boolean pinned) -> with(label, entry -> entry.pinned = pinned);
            case StoreRecord.Expire(String label, Instant at) -> with(label, entry -> entry.expiresAt = at);
            case StoreRecord.Used(String label, Instant at) -> with(label, entry -> entry.used(at));
            case StoreRecord.Budget(long bytes) -> budget = bytes;
        }
    }

    private void with(String label, Consumer<Entry> change) {
        Entry entry = entries.get(label);
        if (entry != null) {
            change.accept(entry);
        }
    }

    private void forget(String label) {
        Entry old = entries.remove(label);
        if (old != null) {
            live -= old.size;
        }
    }

    /** What goes so that this many bytes less are taken, as far as that can be: see the class. */
    private List<Entry> victims(long over, String spared) {
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

    private static long size(List<Entry> some) {
        return some.stream().mapToLong(entry -> entry.size).sum();
    }

    private void discard(List<Entry> victims) throws LaunchException {
        for (Entry victim : victims) {
            log.append(StoreRecord.encode(new StoreRecord.Discard(victim.label)));
        }
    }

    private List<StoredToken> matching(Predicate<StoredToken> wanted) throws LaunchException {
        List<StoredToken> found = new ArrayList<>();
        for (Entry entry : entries.values()) {
            StoredToken token = entry.current(read(entry));
            if (wanted.test(token)) {
                found.add(token);
            }
        }
        found.sort(Comparator.comparing(StoredToken::label));
        return found;
    }

    /** The token as it was kept. */
    private StoredToken read(Entry entry) throws LaunchException {
        return StoreRecord.token(log.record(entry.position, entry.size));
    }

    /** Rewrites the file where most of it is dead. */
    private void compact() {
        if (log.offset(position) < 2 * live + SLACK) {
            return;
        }
        try {
            rewrite(entry -> true);
        } catch (LaunchException e) {
            // The records are as good as before; the next change tries again.
        }
    }

    private void rewrite(Predicate<Entry> kept) throws LaunchException {
        List<byte[]> records = new ArrayList<>();
        records.add(StoreRecord.encode(new StoreRecord.Budget(budget)));
        for (Entry entry : entries.values()) {
            if (kept.test(entry)) {
                records.add(StoreRecord.encode(entry.current(read(entry))));
            }
        }
        log.rewrite(records);
        refresh();
    }
}
