package jsgx.launch.file;

import java.io.IOException;
import java.nio.file.Path;
import jsgx.launch.LaunchException;

/** A file whose lock lets one thread of one process at a time do something: the writers of the files beside it take turns by it. */
public final class LockFile {

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
        try (FileMutex mutex = FileMutex.of(path)) {
            mutex.acquire();
            try {
                return work.run();
            } finally {
                mutex.release();
            }
        } catch (IOException e) {
            throw PrivateFile.failed("cannot lock", path, e);
        }
    }
}
