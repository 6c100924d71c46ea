package jsgx.launch.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import jsgx.launch.LaunchException;

/** A file whose lock lets one thread of one process at a time do something: the writers of the files beside it take turns by it. */
public final class LockFile {

    /** File locks are the process's, so that threads of one process need a lock of their own. */
    private static final ConcurrentHashMap<Path, ReentrantLock> THREADS = new ConcurrentHashMap<>();

    private LockFile() {}

    /** What is done under the lock. */
    public interface Work<T> {
        T run() throws LaunchException, IOException;
    }

    /** Does something while nobody else does anything under the lock of this file, whose folder is made where it is missing. */
    public static <T> T locked(Path file, Work<T> work) throws LaunchException {
        Path path = file.toAbsolutePath().normalize();
        Path folder = path.getParent();
        if (folder != null) {
            PrivateFile.ensureFolder(folder);
        }
        ReentrantLock threads = THREADS.computeIfAbsent(path, p -> new ReentrantLock());
        threads.lock();
        try (FileChannel channel = FileChannel.open(
                        path,
                        Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE),
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                FileLock lock = channel.lock()) {
            if (!lock.isValid()) {
                throw new IOException("the lock was lost");
            }
            return work.run();
        } catch (IOException e) {
            throw PrivateFile.failed("cannot lock", path, e);
        } finally {
            threads.unlock();
        }
    }
}
