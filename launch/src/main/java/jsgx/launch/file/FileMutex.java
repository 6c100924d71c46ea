package jsgx.launch.file;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A mutex of processes and threads: a lock on a file. Such a lock is the process's, and it is lost when the process closes the file
 * anywhere, so that all users in a process share one open file and a lock of their own.
 */
final class FileMutex implements FileLayer.Mutex {

    private static final Map<Path, Shared> OPEN = new HashMap<>();

    private final Shared shared;
    private final AtomicBoolean closed = new AtomicBoolean();

    private FileMutex(Shared shared) {
        this.shared = shared;
    }

    static FileMutex of(Path lockFile) throws IOException {
        Path absolute = lockFile.toAbsolutePath();
        Path folder = absolute.getParent();
        Path name = absolute.getFileName();
        if (folder == null || name == null) {
            throw new IOException(lockFile + " is not the name of a file");
        }
        Path file = folder.toRealPath().resolve(name);
        synchronized (OPEN) {
            Shared found = OPEN.get(file);
            Shared shared = found == null ? new Shared(file) : found;
            shared.users++;
            OPEN.put(file, shared);
            return new FileMutex(shared);
        }
    }

    private static final class Shared {
        private final Path file;
        private final ReentrantLock threads = new ReentrantLock();

        /** Guarded by {@code threads}. */
        private @Nullable FileLock lock;

        /** Guarded by {@code threads}. */
        private FileChannel channel;

        /** Guarded by {@code OPEN}. */
        private int users;

        Shared(Path file) throws IOException {
            this.file = file;
            this.channel = channel(file);
        }

        private static FileChannel channel(Path file) throws IOException {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                    && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                // A FIFO would be waited for without end.
                throw new IOException("it is not a regular file: remove it");
            }
            return FileChannel.open(
                    file, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE), PrivateFile.FILE_MODE);
        }

        void lock() throws IOException {
            boolean interrupted = false;
            try {
                while (true) {
                    try {
                        interrupted |= Thread.interrupted();
                        lock = channel.lock();
                        return;
                    } catch (FileLockInterruptionException | ClosedChannelException e) {
                        // An interruption closes the channel; nobody else in this process can be using it.
                        interrupted |= Thread.interrupted();
                        channel = channel(file);
                    }
                }
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        void unlock() {
            FileLock held = lock;
            lock = null;
            try {
                if (held != null) {
                    held.release();
                }
            } catch (IOException e) {
                // The channel is closed, and the lock went with it.
            }
        }
    }

    @Override
    public void acquire() throws IOException {
        shared.threads.lock();
        boolean done = false;
        try {
            if (shared.threads.getHoldCount() == 1) {
                shared.lock();
            }
            done = true;
        } finally {
            if (!done) {
                shared.threads.unlock();
            }
        }
    }

    @Override
    public void release() {
        if (shared.threads.getHoldCount() == 1) {
            shared.unlock();
        }
        shared.threads.unlock();
    }

    @Override
    public void close() throws IOException {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        synchronized (OPEN) {
            if (--shared.users == 0) {
                OPEN.remove(shared.file);
                shared.threads.lock();
                try {
                    shared.channel.close();
                } finally {
                    shared.threads.unlock();
                }
            }
        }
    }
}
