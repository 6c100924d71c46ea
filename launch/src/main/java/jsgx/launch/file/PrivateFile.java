package jsgx.launch.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Set;
import jsgx.launch.LaunchException;

/**
 * Files that hold keys or tokens: only their owner can read them, and each is there whole, as it was or as it is now,
 * whatever happens while it is written.
 */
public final class PrivateFile {

    /** What can go wrong while a file is written; a test makes it go wrong. */
    public enum Step {
        CREATE,
        WRITE,
        SYNC,
        RENAME,
        SYNC_FOLDER
    }

    /** Told before each step; may fail as the step itself may. */
    public interface Watcher {
        void before(Step step) throws IOException;
    }

    private static final Watcher NOBODY = step -> {};
    static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> FOLDER_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String TEMPORARY = ".tmp";
    private static final int PERMISSION_BITS = 0777;
    private static final int OTHERS = 0077;

    private PrivateFile() {}

    /**
     * The content of a file that is its owner's alone.
     *
     * @param maxSize how many bytes such a file may have
     */
    public static byte[] read(Path file, int maxSize) throws LaunchException {
        try {
            BasicFileAttributes kind = check(file);
            if (kind.size() > maxSize) {
                throw new LaunchException("%s: %d bytes, expected at most %d: it is not a file of this kind"
                        .formatted(file, kind.size(), maxSize));
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw failed("cannot read", file, e);
        }
    }

    /** Makes a folder that is its owner's alone, or checks that an existing one is; an empty one is made so. */
    public static void ensureFolder(Path folder) throws LaunchException {
        try {
            if (!Files.exists(folder)) {
                Files.createDirectories(folder, FOLDER_MODE);
            }
            if (!Files.isDirectory(folder)) {
                throw new LaunchException(folder + " is not a folder: remove it, or set JSGX_HOME to another one");
            }
            checkOwner(folder);
            if ((mode(folder) & OTHERS) != 0 && isEmpty(folder)) {
                Files.setPosixFilePermissions(folder, FOLDER_MODE.value());
                return;
            }
            checkMode(folder, "700");
        } catch (IOException e) {
            throw failed("cannot make the folder", folder, e);
        }
    }

    /** Checks that the folder of a file is its owner's alone; nothing where there is no folder. */
    public static void checkFolder(Path folder) throws LaunchException {
        try {
            checkOwner(folder);
            checkMode(folder, "700");
        } catch (NoSuchFileException e) {
            // Whoever looks for the file says so.
        } catch (IOException e) {
            throw failed("cannot look at the folder", folder, e);
        }
    }

    /** Writes a file in place of what was there: after a failure the old one is as it was. */
    public static void write(Path file, byte[] content) throws LaunchException {
        write(file, content, NOBODY);
    }

    public static void write(Path file, byte[] content, Watcher watcher) throws LaunchException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            throw new LaunchException(file + " is not the name of a file");
        }
        byte[] random = new byte[8];
        RANDOM.nextBytes(random);
        Path temporary =
                folder.resolve("." + file.getFileName() + "." + HexFormat.of().formatHex(random) + TEMPORARY);
        try {
            try {
                watcher.before(Step.CREATE);
                fill(temporary, content, watcher);
                watcher.before(Step.RENAME);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                Files.deleteIfExists(temporary);
                throw e;
            }
            watcher.before(Step.SYNC_FOLDER);
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        } catch (IOException e) {
            throw failed("cannot write", file, e);
        }
    }

    /** Removes what writers that did not come to their end left beside a file. No other writer may be at work. */
    public static void removeLeftovers(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null) {
            return;
        }
        try (DirectoryStream<Path> leftovers =
                Files.newDirectoryStream(folder, "." + file.getFileName() + ".*" + TEMPORARY)) {
            for (Path leftover : leftovers) {
                Files.deleteIfExists(leftover);
            }
        }
    }

    /** One line for a failure of the system. */
    public static LaunchException failed(String what, Path file, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException none -> "no such file or folder";
            case AccessDeniedException denied -> "permission denied";
            default -> String.valueOf(e.getMessage());
        };
        return new LaunchException("%s %s: %s".formatted(what, file, reason), e);
    }

    /** Checks that a file is a regular one and its owner's alone. */
    public static BasicFileAttributes check(Path file) throws IOException, LaunchException {
        BasicFileAttributes kind = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (kind.isSymbolicLink()) {
            throw new LaunchException(
                    "%s is a symbolic link to %s: expected the file itself; remove the link, or put the file in its place"
                            .formatted(file, Files.readSymbolicLink(file)));
        }
        if (!kind.isRegularFile()) {
            throw new LaunchException(file + " is not a regular file: remove it");
        }
        checkOwner(file);
        checkMode(file, "600");
        return kind;
    }

    private static void fill(Path temporary, byte[] content, Watcher watcher) throws IOException {
        try (FileChannel channel = FileChannel.open(
                temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), FILE_MODE)) {
            ByteBuffer buffer = ByteBuffer.wrap(content);
            watcher.before(Step.WRITE);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            watcher.before(Step.SYNC);
            channel.force(true);
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (DirectoryStream<Path> content = Files.newDirectoryStream(folder)) {
            return !content.iterator().hasNext();
        }
    }

    private static int mode(Path path) throws IOException {
        return number(path, "unix:mode");
    }

    private static int number(Path path, String attribute) throws IOException {
        return ((Number) Objects.requireNonNull(Files.getAttribute(path, attribute))).intValue();
    }

    private static void checkMode(Path path, String expected) throws IOException, LaunchException {
        int mode = mode(path);
        if ((mode & OTHERS) != 0) {
            throw new LaunchException("%s is open to others (mode %03o): expected %s; run  chmod %s %s"
                    .formatted(path, mode & PERMISSION_BITS, expected, expected, path));
        }
    }

    private static void checkOwner(Path path) throws IOException, LaunchException {
        int own = number(Path.of("/proc/self"), "unix:uid");
        int owner = number(path, "unix:uid");
        if (own != 0 && owner != own) {
            throw new LaunchException("%s belongs to uid %d, expected uid %d, who runs this: it could be anyone's work"
                    .formatted(path, owner, own));
        }
    }
}
