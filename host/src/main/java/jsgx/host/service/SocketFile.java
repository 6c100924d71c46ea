package jsgx.host.service;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The name of a Unix socket that this process listens at. A socket is bound at {@link #bindAt} and then {@link #publish}ed: it gets its permissions before
 * anybody finds it, and takes the place of one that a killed process left. Who holds the lock of the file beside it may do so, so that of
 * several processes one has the name; a live socket of somebody who knows of no lock is left alone.
 *
 * <pre>{@code
 * SocketFile file = SocketFile.claim(path);
 * channel.bind(UnixDomainSocketAddress.of(file.bindAt()));
 * file.publish("rw-rw-rw-", "");
 * }</pre>
 */
public final class SocketFile implements AutoCloseable {

    /** What the kernel's struct sockaddr_un has room for. */
    private static final int LONGEST = 107;

    private final Path path;
    private final Path folder;
    private final FileChannel channel;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** The file as it was published; null before. */
    private volatile @Nullable Object key;

    private SocketFile(Path path, Path folder, FileChannel channel) {
        this.path = path;
        this.folder = folder;
        this.channel = channel;
    }

    /**
     * Claims a name; its folder is made where it is missing, 0755.
     *
     * @throws HostException where somebody else listens there, or what lies there is no socket
     */
    public static SocketFile claim(Path socket) throws HostException {
        Path path = socket.toAbsolutePath().normalize();
        Path parent = path.getParent();
        if (parent == null) {
            throw new HostException(path + " is not the name of a socket");
        }
        checkLength(path);
        try {
            makeFolder(parent);
            FileChannel channel = lock(path);
            boolean done = false;
            try {
                checkFree(path);
                Path folder = Files.createTempDirectory(
                        parent,
                        ".s",
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
                SocketFile claimed = new SocketFile(path, folder, channel);
                checkLength(claimed.bindAt());
                done = true;
                return claimed;
            } finally {
                if (!done) {
                    channel.close();
                }
            }
        } catch (IOException e) {
            throw impossible(path, e);
        }
    }

    private static HostException impossible(Path path, IOException e) {
        String why = switch (e) {
            case AccessDeniedException denied -> denied(path, denied);
            case FileSystemException refused when refused.getReason() == null -> refused.toString();
            default -> String.valueOf(e.getMessage());
        };
        return new HostException("the socket %s cannot be made: %s".formatted(path, why), e);
    }

    private static String denied(Path path, AccessDeniedException e) {
        String user = System.getProperty("user.name");
        Path folder = Objects.requireNonNull(path.getParent());
        if (!Files.isDirectory(folder)) {
            return "user %s may not reach or make %s: make the folder %s, and give it to this user"
                    .formatted(user, e.getFile(), folder);
        }
        return Files.isWritable(folder) && Files.isExecutable(folder)
                ? "user %s may not use %s: remove it, or give it to this user".formatted(user, e.getFile())
                : "user %s may not write into %s: give that folder to this user".formatted(user, folder);
    }

    /** Where it is to be bound: in a folder that only this process's user looks into. */
    public Path bindAt() {
        return folder.resolve("s");
    }

    /** The name. */
    public Path path() {
        return path;
    }

    /**
     * Gives what was bound its permissions and its name.
     *
     * @param permissions who may connect: those who may write, such as {@code rw-rw----}
     * @param group the group that owns it; empty for this process's
     */
    public void publish(String permissions, String group) throws HostException {
        try {
            Path bound = bindAt();
            if (!group.isEmpty()) {
                give(bound, group);
            }
            Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString(permissions));
            key = fileKey(bound);
            Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Files.delete(folder);
        } catch (IOException e) {
            throw impossible(path, e);
        }
    }

    private void give(Path bound, String group) throws IOException, HostException {
        GroupPrincipal owner;
        try {
            owner = bound.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(group);
        } catch (UserPrincipalNotFoundException e) {
            throw new HostException("the socket %s cannot be made: there is no group %s".formatted(path, group), e);
        }
        try {
            Files.getFileAttributeView(bound, PosixFileAttributeView.class).setGroup(owner);
        } catch (FileSystemException e) {
            throw new HostException(
                    "the socket %s cannot be given to the group %s: %s; user %s has to be a member of it"
                            .formatted(
                                    path,
                                    group,
                                    Objects.requireNonNullElse(e.getReason(), e.toString()),
                                    System.getProperty("user.name")),
                    e);
        }
    }

    /** Takes the name away, where it is still this socket's. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        try (channel) {
            Files.deleteIfExists(bindAt());
            Files.deleteIfExists(folder);
            Object published = key;
            if (published != null && Files.exists(path, LinkOption.NOFOLLOW_LINKS) && published.equals(fileKey(path))) {
                Files.delete(path);
            }
        } catch (IOException e) {
            // The name stays: nobody listens there, so that the next one takes it.
        }
    }

    private static Object fileKey(Path file) throws IOException {
        return Objects.requireNonNull(Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey());
    }

    private static void makeFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }

    private static FileChannel lock(Path path) throws IOException, HostException {
        Path file = path.resolveSibling("." + path.getFileName() + ".lock");
        FileChannel channel = FileChannel.open(
                file,
                Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE, LinkOption.NOFOLLOW_LINKS),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        @Nullable FileLock lock = null;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            // This very process has it.
        } finally {
            if (lock == null) {
                channel.close();
            }
        }
        if (lock == null) {
            throw taken(path);
        }
        return channel;
    }

    private static void checkFree(Path path) throws IOException, HostException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            throw new HostException("%s is no socket: remove it, or choose another place".formatted(path));
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // A full queue of somebody who listens must not be waited for.
            probe.configureBlocking(false);
            probe.connect(UnixDomainSocketAddress.of(path));
        } catch (ConnectException e) {
            return;
        } catch (IOException e) {
            throw taken(path);
        }
        throw taken(path);
    }

    private static void checkLength(Path path) throws HostException {
        int length = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST) {
            throw new HostException("%s: %d bytes, and a socket's name has at most %d: choose a shorter folder"
                    .formatted(path, length, LONGEST));
        }
    }

    private static HostException taken(Path path) {
        return new HostException(
                "somebody listens at %s already: end that one (its process:  ss -xlp src %s), or choose another place"
                        .formatted(path, path));
    }
}
