package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.launch.LaunchException;
import org.jspecify.annotations.Nullable;

/**
 * An append-only file of checksummed records that several threads and processes append to and read.
 *
 * <p>A record is durable once {@link #force} up to its position has returned; what was durable survives any crash, and what was not is
 * there or is not there. What a crash left half-written at the end is cut off by the next that appends. A record that was durable and
 * is not whole any more is damage, and the log is refused from there on: nothing is guessed.
 *
 * <p>A position is the end of a record. It stays good for ever: after {@link #rewrite} all former ones are below {@link #start}.
 */
public final class RecordLog implements AutoCloseable {

    /**
     * A kind of log.
     *
     * @param magic eight ASCII characters with which the file begins
     * @param version the format's version
     * @param maxRecord how many bytes a record may have
     * @param remedy what to do about a damaged file, for people
     */
    public record Format(String magic, int version, int maxRecord, String remedy) {
        public Format {
            if (magic.length() != Long.BYTES) {
                throw new IllegalArgumentException("a magic has eight characters, not " + magic.length());
            }
        }
    }

    /** Shown the records in their order. It must not use the log. */
    public interface Visitor {

        /** All records that were shown before were replaced by those that follow. */
        default void replaced() {}

        /**
         * A record.
         *
         * @param record its bytes, during this call
         * @param end its position
         */
        void record(ByteBuffer record, long end) throws LaunchException;
    }

    /** What is done with nobody else appending. */
    public interface Work {
        void run() throws LaunchException;
    }

    private final FileLayer files;
    private final Path path;
    private final Path folder;
    private final Format format;

    /** Held by whoever appends, of all processes; null in a log that is only read. */
    private final FileLayer.@Nullable Mutex mutex;

    private final ReentrantLock state = new ReentrantLock();
    private final Condition forced = state.newCondition();

    // All of these are guarded by state; the mutex comes before it.

    private final KnownRecords known;
    private boolean forcing;
    private boolean closed;

    private RecordLog(FileLayer files, Path path, Format format, FileLayer.@Nullable Mutex mutex, RecordFile file) {
        this.files = files;
        this.path = path;
        this.folder = folder(path);
        this.format = format;
        this.mutex = mutex;
        this.known = new KnownRecords(files, path, format, file, mutex != null, this::awaitNoSync);
    }

    /** Opens a log, for reading and appending; makes it where there is none. */
    public static RecordLog open(FileLayer files, Path path, Format format) throws LaunchException {
        try {
            files.ensureFolder(folder(path));
            FileLayer.Mutex mutex = files.mutex(path.resolveSibling(path.getFileName() + ".lock"));
            @Nullable RecordFile file = null;
            boolean done = false;
            try {
                mutex.acquire();
                try {
                    if (files.stat(path).isEmpty()) {
                        KnownRecords.make(files, path, format);
                    }
                    file = RecordFile.open(files, path, format, true);
                    RecordLog log = new RecordLog(files, path, format, mutex, file);
                    log.known.catchUp();
                    done = true;
                    return log;
                } finally {
                    mutex.release();
                }
            } finally {
                if (!done) {
                    if (file != null) {
                        file.close();
                    }
                    mutex.close();
                }
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot open", path, e);
        }
    }

    /** Opens a log that is there, for reading only: nothing is changed, not even what a crash left. */
    public static RecordLog openForReading(FileLayer files, Path path, Format format) throws LaunchException {
        try {
            return new RecordLog(files, path, format, null, RecordFile.open(files, path, format, false));
        } catch (IOException e) {
            throw PrivateFile.failed("cannot open", path, e);
        }
    }

    /** The position before the first record. */
    public long start() {
        state.lock();
        try {
            return known.start();
        } finally {
            state.unlock();
        }
    }

    /** The position of the last record that was seen. */
    public long end() {
        state.lock();
        try {
            return known.end();
        } finally {
            state.unlock();
        }
    }

    /** Where a position lies in the file, in bytes. */
    public long offset(long position) {
        state.lock();
        try {
            return known.file().offset(position);
        } finally {
            state.unlock();
        }
    }

    /** How many bytes followed the last whole record at the last look: somebody is appending, or a crash left them. */
    public long torn() {
        state.lock();
        try {
            return known.torn();
        } finally {
            state.unlock();
        }
    }

    /**
     * Appends a record, which is not durable yet.
     *
     * @return its position
     */
    public long append(byte[] record) throws LaunchException {
        return append(List.of(record));
    }

    /**
     * Appends records at once, none of which is durable yet. After a failure the first of them may be there.
     *
     * @return the position of the last
     */
    public long append(List<byte[]> records) throws LaunchException {
        int size = 0;
        for (byte[] record : records) {
            if (record.length == 0 || record.length > format.maxRecord()) {
                throw new LaunchException("%s: a record has 1 to %d bytes, this one has %d"
                        .formatted(path, format.maxRecord(), record.length));
            }
            size += RecordFile.FRAME + record.length;
        }
        ByteBuffer frames = KnownRecords.buffer(size);
        long[] position = new long[1];
        exclusively(() -> {
            for (byte[] record : records) {
                RecordFile.frame(frames, known.end() + frames.position(), known.durable(), record);
            }
            known.write(frames.flip());
            position[0] = known.end();
        });
        return position[0];
    }

    /**
     * Returns when all up to a position is durable. Concurrent callers share one sync.
     *
     * @throws LaunchException where it may not be. Since nobody knows then what is, nothing more is acknowledged until the log is opened anew
     */
    public void force(long upTo) throws LaunchException {
        state.lock();
        try {
            while (!known.isDurable(upTo)) {
                checkUsable();
                if (upTo > known.end()) {
                    throw new IllegalArgumentException("position %d is after the end, %d".formatted(upTo, known.end()));
                }
                if (forcing) {
                    forced.awaitUninterruptibly();
                } else {
                    lead();
                }
            }
        } finally {
            state.unlock();
        }
    }

    /** Syncs for all who wait; they, and whoever appends, go on meanwhile. */
    private void lead() throws LaunchException {
        RecordFile target = known.file();
        long covered = known.end();
        boolean name = !known.isNameDurable();
        String why = "the sync was broken off";
        forcing = true;
        state.unlock();
        try {
            target.force();
            if (name) {
                files.syncFolder(folder);
            }
            why = "";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        } finally {
            state.lock();
            forcing = false;
            forced.signalAll();
            if (why.isEmpty()) {
                known.synced(covered);
            } else {
                known.failed(why);
            }
        }
        checkUsable();
    }

    /**
     * Shows all records after a position, those of other processes too.
     *
     * @param from 0 for all, else what the last call returned
     * @return the position to go on from
     */
    public long read(long from, Visitor visitor) throws LaunchException {
        state.lock();
        try {
            // Within exclusively all was looked at already.
            long size = state.getHoldCount() > 1 ? known.end() : known.look();
            long start = from;
            if (from < known.start()) {
                if (from > 0) {
                    visitor.replaced();
                }
                start = known.start();
            }
            if (start > size) {
                throw new LaunchException("%s: expected records up to position %d, found %d: records were cut off; %s"
                        .formatted(path, start, size, format.remedy()));
            }
            return known.advance(start, size, visitor, false);
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", path, e);
        } finally {
            state.unlock();
        }
    }

    /**
     * A record that {@link #read} showed, once more.
     *
     * @param end its position
     * @param size its bytes
     * @throws LaunchException where it is not whole any more
     */
    public byte[] record(long end, int size) throws LaunchException {
        state.lock();
        try {
            return known.file().record(end, size);
        } catch (IOException e) {
            throw PrivateFile.failed("cannot read", path, e);
        } finally {
            state.unlock();
        }
    }

    /** Does some work with nobody else appending, in this process or another; what others appended is known by then. */
    public void exclusively(Work work) throws LaunchException {
        FileLayer.Mutex turn = mutex;
        if (turn == null) {
            throw new IllegalStateException(path + " is open for reading only");
        }
        try {
            turn.acquire();
        } catch (IOException e) {
            throw PrivateFile.failed("cannot lock", path, e);
        }
        try {
            state.lock();
            try {
                checkUsable();
                if (state.getHoldCount() == 1) {
                    known.catchUp();
                }
                work.run();
            } catch (IOException e) {
                throw PrivateFile.failed("cannot read", path, e);
            } finally {
                state.unlock();
            }
        } finally {
            turn.release();
        }
    }

    /**
     * Replaces all records, durably: after a crash the old ones are there, or the new ones. To keep what others append, call it from
     * {@link #exclusively}, after a {@link #read}.
     */
    public void rewrite(Iterable<byte[]> records) throws LaunchException {
        exclusively(() -> {
            awaitNoSync();
            try {
                known.replace(records);
            } catch (IOException e) {
                throw PrivateFile.failed("cannot rewrite", path, e);
            }
        });
    }

    private void awaitNoSync() {
        while (forcing) {
            forced.awaitUninterruptibly();
        }
    }

    private void checkUsable() throws LaunchException {
        if (closed) {
            throw new LaunchException(path + " is closed");
        }
        known.check();
    }

    /**
     * Ends the use of the log. Does not force it; but what was forced is noted at its end, if possible, so that damage to it is not
     * taken for what a crash leaves.
     */
    @Override
    public void close() {
        state.lock();
        try {
            if (closed) {
                return;
            }
        } finally {
            state.unlock();
        }
        if (mutex != null) {
            try {
                exclusively(known::announce);
            } catch (LaunchException e) {
                // Nothing that was promised depends on it.
            }
        }
        state.lock();
        try {
            closed = true;
            awaitNoSync();
            known.file().close();
        } catch (IOException e) {
            // What was forced is durable, and nothing else was promised.
        } finally {
            state.unlock();
        }
        try {
            // The mutex comes before the state: who has it may be waiting for that.
            if (mutex != null) {
                mutex.close();
            }
        } catch (IOException e) {
            // Its lock was released when it was given back.
        }
    }

    /** The folder of a log. */
    static Path folder(Path path) {
        Path folder = path.toAbsolutePath().getParent();
        return folder == null ? path : folder;
    }
}
