package jsgx.host.state;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import jsgx.host.service.HostException;
import org.jspecify.annotations.Nullable;

/** The right of one process to be the host of a state folder. It ends with the process, however that ends. */
public final class StateLock implements AutoCloseable {

    private static final String FILE = "host.lock";
    private static final int MOST = 64;

    private final FileChannel channel;

    private StateLock(FileChannel channel) {
        this.channel = channel;
    }

    /**
     * Takes the folder, which exists.
     *
     * @throws HostException where another process has it, which is named
     */
    public static StateLock take(Path folder) throws HostException {
        Path file = folder.resolve(FILE);
        try {
            FileChannel channel = FileChannel.open(
                    file,
                    Set.of(
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE,
                            LinkOption.NOFOLLOW_LINKS),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            @Nullable FileLock lock = null;
            try {
                lock = channel.tryLock();
                if (lock != null) {
                    byte[] pid = (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8);
                    channel.truncate(0);
                    channel.write(ByteBuffer.wrap(pid), 0);
                    return new StateLock(channel);
                }
            } catch (OverlappingFileLockException e) {
                // This very process has it.
            } finally {
                if (lock == null) {
                    channel.close();
                }
            }
            throw new HostException(
                    "another jsgx serve has the state folder %s: %s; end it, or set JSGX_HOME to another folder"
                            .formatted(folder, holder(folder)));
        } catch (IOException e) {
            throw new HostException("cannot lock %s: %s".formatted(file, e.getMessage()), e);
        }
    }

    /** Who has a folder, for people: {@code process 4711}. */
    private static String holder(Path folder) {
        try {
            byte[] content = Files.readAllBytes(folder.resolve(FILE));
            String pid = new String(content, 0, Math.min(content.length, MOST), StandardCharsets.UTF_8).strip();
            return pid.matches("[0-9]+") ? "process " + pid : "a process that has only just begun";
        } catch (IOException e) {
            return "which process does not show";
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The lock went all the same.
        }
    }
}
