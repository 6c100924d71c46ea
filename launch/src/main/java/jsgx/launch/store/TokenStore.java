package jsgx.launch.store;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import jsgx.launch.LaunchException;
import jsgx.launch.file.FileLayer;
import jsgx.launch.file.RecordLog;
import jsgx.launch.store.TokenIndex.Entry;

/**
 * The file {@code tokens} in which a user's tokens outlive process and reboot, 0600, one record a change, a checksum a record; with an
 * index of it in memory, and copies of the tokens that were asked for. Any number of processes may have it open: what one of them
 * acknowledged the others find with their next call. It is not encrypted, since a token is no secret, and not signed, since EINIT
 * checks each token: whoever forges the file gets what EINIT refuses.
 *
 * <p>All live tokens together keep within a budget in bytes of their records. What is over it is evicted, never a pinned token, in this
 * order: the nearest end first, and of those with the same end (mostly none) the least recently used. So what has expired goes first.
 */
public final class TokenStore implements SharedTokens, AutoCloseable {

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

    private final Path file;
    private final RecordLog log;

    /** Guards what follows. */
    private final ReentrantLock lock = new ReentrantLock();

    private final TokenIndex index = new TokenIndex();

    /** How far the log was read. */
    private long position;

    /** How many tokens were evicted through this. */
    private long evictions;

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
    public static TokenStore open(FileLayer files, Path file) throws LaunchException {
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
            Entry entry = index.get(label);
            if (entry == null) {
                return Optional.empty();
            }
            StoredToken copy = entry.copy();
            if (copy != null) {
                return Optional.of(new Found(entry.current(copy), true));
            }
            StoredToken kept = read(entry);
            entry.copy(kept);
            return Optional.of(new Found(entry.current(kept), false));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<StoredToken> find(TokenOrigin origin, String label) throws LaunchException {
        return find(label).map(Found::token).filter(token -> token.origin().equals(origin));
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
            Entry entry = index.get(label);
            if (entry == null) {
                return;
            }
            index.used(entry, now);
            if (Duration.between(entry.lastUsedOnDisk(), now).abs().compareTo(USED_GRAIN) >= 0) {
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
    @Override
    public void keep(StoredToken token) throws LaunchException {
        long[] end = new long[1];
        change(() -> {
            Entry old = index.get(token.label());
            long over = index.size() - (old == null ? 0 : old.size()) + token.size() - index.budget();
            List<Entry> victims = index.victims(over, token.label());
            if (!token.pinned()
                    && over > victims.stream().mapToLong(Entry::size).sum()) {
                throw new LaunchException(
                        "no room for a token of %d bytes: pinned ones leave less of the budget of %d bytes; raise it with  jsgx token budget  or unpin one with  jsgx token pin --off"
                                .formatted(token.size(), index.budget()));
            }
            end[0] = log.append(StoreRecord.encode(token));
            evict(victims);
            return true;
        });
        lock.lock();
        try {
            Entry entry = index.get(token.label());
            if (entry != null && entry.position() == end[0]) {
                entry.copy(token);
            }
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
            return index.budget();
        } finally {
            lock.unlock();
        }
    }

    /** What all tokens take, in bytes of their records. */
    long size() throws LaunchException {
        lock.lock();
        try {
            refresh();
            return index.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many tokens its budget evicted since it was opened, as far as they went here and not in another process. */
    public long evictions() {
        lock.lock();
        try {
            return evictions;
        } finally {
            lock.unlock();
        }
    }

    /** Sets what all tokens may take, and evicts what is beyond; returns the labels that went. */
    List<String> budget(long bytes) throws LaunchException {
        if (bytes < 0) {
            throw new LaunchException("a budget is 0 bytes or more, not " + bytes);
        }
        List<String> evicted = new ArrayList<>();
        change(() -> {
            log.append(StoreRecord.encode(new StoreRecord.Budget(bytes)));
            List<Entry> victims = index.victims(index.size() - bytes, "");
            evict(victims);
            victims.forEach(victim -> evicted.add(victim.label()));
            return true;
        });
        return evicted;
    }

    /** How many tokens there are of these. */
    public long count(Predicate<StoredToken> wanted) throws LaunchException {
        lock.lock();
        try {
            refresh();
            return matching(wanted).size();
        } finally {
            lock.unlock();
        }
    }

    /** Forgets tokens, from the file's bytes too; returns which. */
    public List<StoredToken> purge(Predicate<StoredToken> revoked) throws LaunchException {
        List<StoredToken> purged = new ArrayList<>();
        change(() -> {
            purged.addAll(matching(revoked));
            if (!purged.isEmpty()) {
                Set<String> labels = purged.stream().map(StoredToken::label).collect(Collectors.toSet());
                rewrite(entry -> !labels.contains(entry.label()));
            }
            return !purged.isEmpty();
        });
        return purged;
    }

    @Override
    public long purge(String platform, Predicate<StoredToken> revoked) throws LaunchException {
        return purge(token -> token.origin().platform().equals(platform) && revoked.test(token))
                .size();
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
            boolean there = index.get(label) != null;
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
            });
            upTo = position;
        } finally {
            lock.unlock();
        }
        if (changed[0]) {
            log.force(upTo);
            compact();
        }
        return changed[0];
    }

    /** Rewrites the file where most of it is dead. */
    private void compact() {
        lock.lock();
        try {
            if (isMostlyDead()) {
                log.exclusively(() -> {
                    refresh();
                    if (isMostlyDead()) {
                        rewrite(entry -> true);
                    }
                });
            }
        } catch (LaunchException e) {
            // What was changed is durable; the next change tries again, or says what is wrong with the disk.
        } finally {
            lock.unlock();
        }
    }

    private boolean isMostlyDead() {
        return log.offset(position) >= 2 * index.size() + SLACK;
    }

    private void rewrite(Predicate<Entry> kept) throws LaunchException {
        List<byte[]> records = new ArrayList<>();
        records.add(StoreRecord.encode(new StoreRecord.Budget(index.budget())));
        for (Entry entry : index.entries()) {
            if (kept.test(entry)) {
                records.add(StoreRecord.encode(entry.current(read(entry))));
            }
        }
        log.rewrite(records);
        refresh();
    }

    /** Reads what this process and others appended since the last look. */
    private void refresh() throws LaunchException {
        position = log.read(position, new RecordLog.Visitor() {
            @Override
            public void replaced() {
                index.clear();
            }

            @Override
            public void record(ByteBuffer record, long end) throws LaunchException {
                int size = record.remaining();
                try {
                    index.apply(StoreRecord.decode(record), size, end);
                } catch (LaunchException e) {
                    throw new LaunchException(
                            "%s: before position %d: %s; %s".formatted(file, end, e.getMessage(), FORMAT.remedy()), e);
                }
            }
        });
    }

    private void evict(List<Entry> victims) throws LaunchException {
        evictions += victims.size();
        for (Entry victim : victims) {
            log.append(StoreRecord.encode(new StoreRecord.Discard(victim.label())));
        }
    }

    private List<StoredToken> matching(Predicate<StoredToken> wanted) throws LaunchException {
        List<StoredToken> found = new ArrayList<>();
        for (Entry entry : index.entries()) {
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
        return StoreRecord.token(log.record(entry.position(), entry.size()));
    }
}
