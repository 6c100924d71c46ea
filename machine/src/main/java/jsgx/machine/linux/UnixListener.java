package jsgx.machine.linux;

import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/** A Unix stream socket that listens at a path. */
public final class UnixListener implements AutoCloseable {

    private final WaitingSocket socket;
    private final Path path;
    private final Object inode;
    private final @Nullable Poller poller;

    private UnixListener(WaitingSocket socket, Path path, @Nullable Poller poller) throws IOException {
        this.socket = socket;
        this.path = path;
        this.inode = inode(path);
        this.poller = poller;
    }

    /**
     * Listens at a path. A socket that nobody listens at any more makes way; nobody connects before the permissions are set.
     *
     * @param permissions of the file, as rw-rw-rw-
     * @param backlog how many may wait to be accepted
     * @param poller for virtual threads, which then accept and use the connections
     * @throws LinuxException with EADDRINUSE where somebody listens there, or something else has the name
     */
    public static UnixListener listen(Path path, String permissions, int backlog, @Nullable Poller poller)
            throws IOException {
        WaitingSocket socket = new WaitingSocket(SocketCalls.socket(true), poller);
        UnixListener listener = null;
        boolean bound = false;
        try {
            long result = bind(socket, path);
            if (result == -Errors.EADDRINUSE && removeStale(path)) {
                result = bind(socket, path);
            }
            Linux.check("listen at %s".formatted(path), result);
            bound = true;
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
            Linux.check("listen", socket.call(descriptor -> SocketCalls.listen(descriptor, backlog)));
            listener = new UnixListener(socket, path, poller);
            return listener;
        } finally {
            if (listener == null) {
                socket.close();
                if (bound) {
                    Files.deleteIfExists(path);
                }
            }
        }
    }

    private static long bind(WaitingSocket socket, Path path) throws IOException {
        SocketCalls.checkLength(path);
        return socket.call(descriptor -> SocketCalls.bind(descriptor, path));
    }

    private static Object inode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    /** Removes a socket whose owner is gone; false where somebody has it, or it is no socket. */
    private static boolean removeStale(Path path) throws IOException {
        Object before = inode(path);
        int probe = SocketCalls.socket(true);
        try {
            if (SocketCalls.connect(probe, path) != -Errors.ECONNREFUSED
                    || !Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                            .isOther()
                    || !before.equals(inode(path))) {
                return false;
            }
        } finally {
            Linux.close(probe);
        }
        Files.delete(path);
        return true;
    }

    /**
     * Lets nobody who connects from now on pass descriptors, where the kernel can (Linux 6.16). The kernel lets go of one that is not wanted in the thread that
     * reads or closes, and that waits for as long as its sender likes: SO_LINGER of a TCP socket, a file system of the sender's own.
     */
    public void refuseDescriptors() throws IOException {
        long result = socket.call(SocketCalls::refuseDescriptors);
        if (result != -Errors.ENOPROTOOPT) {
            Linux.check("SO_PASSRIGHTS", result);
        }
    }

    /** Where it listens. */
    public Path path() {
        return path;
    }

    /**
     * Waits for the next connection.
     *
     * @throws AsynchronousCloseException where the listener was closed
     * @throws LinuxException with EMFILE or ENFILE where this process or the system has no descriptor left: the connection stays
     *     in the queue
     */
    public UnixConnection accept() throws IOException {
        while (true) {
            long result = socket.read(Deadline.NEVER, SocketCalls::accept);
            if (socket.isClosed()) {
                if (!Linux.failed(result)) {
                    Linux.close((int) result);
                }
                throw new AsynchronousCloseException();
            }
            if (result != -Errors.ECONNABORTED) {
                return new UnixConnection((int) Linux.check("accept", result), poller);
            }
        }
    }

    /** Listens no more, and removes the file where it is still this socket's. */
    @Override
    public void close() {
        if (socket.isClosed()) {
            return;
        }
        try {
            if (inode.equals(inode(path))) {
                Files.delete(path);
            }
        } catch (IOException e) {
            // Somebody removed it before.
        }
        socket.close();
    }
}
