package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import jsgx.launch.LaunchException;

/**
 * The file system, as far as files that must survive a crash need it. Nothing is durable before {@link OpenFile#force} (for
 * content and size) or {@link #syncFolder} (for names) has returned.
 */
public interface FileLayer {

    /** The machine's. A thread's interruption neither ends an operation nor closes a file. */
    FileLayer REAL = new RealFiles();

    /**
     * What a name leads to.
     *
     * @param key the same for one file, whatever its name: another key tells that the file was replaced
     * @param size bytes
     */
    record Stat(Object key, long size) {}

    /** An open file. Safe for use by several threads. */
    interface OpenFile extends AutoCloseable {

        /** See {@link Stat#key}. */
        Object key();

        /** Reads at an offset until the buffer is full or the file ends. */
        void read(long at, ByteBuffer into) throws IOException;

        /** Writes all of a buffer at an offset. After a failure any part of it may be written. */
        void write(long at, ByteBuffer from) throws IOException;

        /** Cuts the file to a size that is at most its own. */
        void truncate(long size) throws IOException;

        /** Returns when all content is durable. After a failure nobody knows what is. */
        void force() throws IOException;

        @Override
        void close() throws IOException;
    }

    /** What one at a time can hold, of all threads of all processes. A thread may take it several times over. */
    interface Mutex extends AutoCloseable {

        /** Waits, and takes it. */
        void acquire() throws IOException;

        /** Gives it back. */
        void release();

        /** Ends its use here; who holds it keeps it. */
        @Override
        void close() throws IOException;
    }

    /** What a name leads to, if to anything. */
    Optional<Stat> stat(Path file) throws IOException;

    /**
     * Opens a file.
     *
     * @throws LaunchException where it is not a regular file of this user that is closed to others
     */
    OpenFile open(Path file, boolean writable) throws IOException, LaunchException;

    /** Makes a file, 0600, where there is none. */
    OpenFile create(Path file) throws IOException;

    /** Gives a file another name in the same folder; what had that name before is gone. At any moment the name leads to one of them. */
    void rename(Path from, Path to) throws IOException;

    /** Removes a file, if there is one. */
    void remove(Path file) throws IOException;

    /** Makes a folder, 0700, or checks that it is its owner's alone. */
    void ensureFolder(Path folder) throws IOException, LaunchException;

    /** The names in a folder, in order. */
    List<String> list(Path folder) throws IOException;

    /** Returns when the names in a folder are durable. */
    void syncFolder(Path folder) throws IOException;

    /** The mutex that this file stands for; made where there is none. */
    Mutex mutex(Path lockFile) throws IOException;
}
