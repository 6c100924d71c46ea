package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import jsgx.launch.LaunchException;
import jsgx.launch.file.RecordLog.Format;
import jsgx.launch.file.RecordLog.Visitor;

/**
 * What this process knows of a {@link RecordLog}: its file, how far that has whole records, and how far they are durable. Others append to the file, and put another in its
 * place; a look tells. Used under the log's lock.
 */
final class KnownRecords {

    private static final int BATCH = 1 << 20;

    private final FileLayer files;
    private final Path path;
    private final Format format;
    private final boolean writable;

    /** Waits until nobody uses the file without the lock. */
    private final Runnable beforeClose;

    private RecordFile file;

    /** The position after the last whole record that was seen. */
    private long end;

    /** Up to where all is known to be durable. */
    private long durable;

    /** What the last frame says of it. */
    private long announced;

    /** Bytes after the end that are no whole record. */
    private long torn;

    /** Whether the name is known to be durable. */
    private boolean nameDurable;

    /** Why nobody knows any more what is durable; empty while all is well. */
    private String failure = "";

    /** Of a file of which nothing was read yet. */
    KnownRecords(FileLayer files, Path path, Format format, RecordFile file, boolean writable, Runnable beforeClose) {
        this.files = files;
        this.path = path;
        this.format = format;
        this.file = file;
        this.writable = writable;
        this.beforeClose = beforeClose;
        end = file.base();
        durable = file.base();
        announced = file.base();
    }

    /** Makes the file of an empty log. */
    static void make(FileLayer files, Path path, Format format) throws IOException {
        Path temporary = temporary(path);
        files.remove(temporary);
        try (RecordFile fresh = RecordFile.create(files, temporary, format, 0)) {
            fresh.force();
        }
        files.rename(temporary, path);
    }

    RecordFile file() {
        return file;
    }

    /** The position before the first record. */
    long start() {
        return file.base();
    }

    /** The position of the last whole record that was seen. */
    long end() {
        return end;
    }

    /** Up to where all is known to be durable. */
    long durable() {
        return durable;
    }

    /** Bytes after the end that are no whole record. */
    long torn() {
        return torn;
    }

    boolean isNameDurable() {
        return nameDurable;
    }

    /** Whether all up to a position is durable. What is below the base is once the file that replaced it has its name for good. */
    boolean isDurable(long upTo) {
        return durable >= upTo && nameDurable;
    }

    /** A sync of the file up to a position, and of its name, succeeded. */
    void synced(long upTo) {
        durable = Math.max(durable, upTo);
        nameDurable = true;
    }

    /** A sync failed. */
    void failed(String why) {
        failure = why;
    }

    /** Refuses where nobody knows what is durable. */
    void check() throws LaunchException {
        if (!failure.isEmpty()) {
            throw new LaunchException(
                    "%s: cannot make its content durable: %s; nothing more is recorded until it is opened anew: look at the disk"
                            .formatted(path, failure));
        }
    }

    /** Looks whether the file is still the one that its name leads to. Returns the position at which it ends. */
    long look() throws IOException, LaunchException {
        FileLayer.Stat now = files.stat(path)
                .orElseThrow(() -> new LaunchException(
                        "%s is gone: it was removed while it was in use; open it anew, which makes an empty one"
                                .formatted(path)));
        if (now.key().equals(file.key())) {
            long size = file.position(now.size());
            if (size < end) {
                throw new LaunchException("%s: expected at least %d bytes, found %d: it was cut while it was in use; %s"
                        .formatted(path, file.offset(end), now.size(), format.remedy()));
            }
            return size;
        }
        beforeClose.run();
        RecordFile fresh = RecordFile.open(files, path, format, writable);
        if (fresh.base() <= end) {
            fresh.close();
            throw new LaunchException(
                    "%s: expected a file that continues at position %d or later, found one that begins at %d: another file was put in its place while it was in use; open it anew"
                            .formatted(path, end + 1, fresh.base()));
        }
        file.close();
        file = fresh;
        end = fresh.base();
        durable = end;
        announced = end;
        nameDurable = false;
        return look();
    }

    /** Takes note of what others appended, and cuts off what is no record; for who appends. */
    void catchUp() throws IOException, LaunchException {
        long size = look();
        if (size != end) {
            advance(end, size, (record, position) -> {}, true);
        }
    }

    /**
     * Shows the records between two positions; those behind the last that was known are known then.
     *
     * @param repair whether to cut off what is no whole record, for who appends
     * @return the position of the last whole one
     */
    long advance(long from, long size, Visitor visitor, boolean repair) throws IOException, LaunchException {
        if (from == size && size == end) {
            torn = 0;
            return end;
        }
        RecordFile.Walk walk = file.walk(from, size, visitor);
        if (walk.end() < size || walk.end() < end) {
            boolean damage = walk.end() < Math.max(end, durable) || file.wasDurable(walk.end(), size);
            // Who reads does not hold the mutex: a record that was being written at the first look is whole at the
            // second.
            if (damage && file.walk(walk.end(), size, (record, position) -> {}).end() == walk.end()) {
                throw file.damaged(walk.end(), Math.max(size, end));
            }
            if (repair) {
                file.cut(walk.end());
            }
        }
        torn = repair ? 0 : size - walk.end();
        if (walk.end() >= end) {
            end = walk.end();
            announced = Math.max(announced, walk.durable());
            durable = Math.max(durable, walk.durable());
        }
        return walk.end();
    }

    /** Appends frames, which are not durable yet. */
    void write(ByteBuffer frames) throws LaunchException {
        int size = frames.limit();
        try {
            file.write(end, frames);
        } catch (IOException e) {
            throw PrivateFile.failed("cannot write", path, e);
        }
        end += size;
        announced = durable;
    }

    /** Notes in the file what was made durable since the last frame, so that damage to it is not taken for what a crash leaves. */
    void announce() throws LaunchException {
        if (announced < durable) {
            ByteBuffer frame = buffer(RecordFile.FRAME);
            RecordFile.frame(frame, end, durable, new byte[0]);
            write(frame.flip());
        }
    }

    /**
     * Replaces all records, durably: after a crash the old ones are there, or the new ones. Nobody syncs meanwhile.
     */
    void replace(Iterable<byte[]> records) throws IOException, LaunchException {
        Path temporary = temporary(path);
        files.remove(temporary);
        RecordFile fresh = RecordFile.create(files, temporary, format, end + 1);
        boolean named = false;
        try {
            long position = fresh.base();
            ByteBuffer batch = buffer(BATCH + RecordFile.FRAME + format.maxRecord());
            long written = position;
            for (byte[] record : records) {
                RecordFile.frame(batch, position, fresh.base(), record);
                position += RecordFile.FRAME + record.length;
                if (batch.position() >= BATCH) {
                    fresh.write(written, batch.flip());
                    batch.clear();
                    written = position;
                }
            }
            // True as soon as anybody can see it, since the file gets its name after the sync.
            RecordFile.frame(batch, position, position, new byte[0]);
            fresh.write(written, batch.flip());
            fresh.force();
            files.rename(temporary, path);
            named = true;
            RecordFile old = file;
            file = fresh;
            announced = position;
            end = position + RecordFile.FRAME;
            torn = 0;
            nameDurable = false;
            old.close();
            files.syncFolder(RecordLog.folder(path));
            nameDurable = true;
            durable = end;
        } catch (IOException e) {
            if (named) {
                failure = String.valueOf(e.getMessage());
            }
            throw e;
        } finally {
            if (!named) {
                fresh.close();
                files.remove(temporary);
            }
        }
    }

    private static Path temporary(Path path) {
        return path.resolveSibling(path.getFileName() + ".new");
    }

    /** A buffer for frames. */
    static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
