package jsgx.host.state;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.PlatformFile;
import jsgx.launch.file.LockFile;

/**
 * Writes a state folder into one file, a zip archive, while hosts and others work on it. Administrators wait meanwhile; launches do not.
 *
 * <p>What is replaced as a whole is copied under the locks of those who replace it: the platform, revocations and policy are those of one moment.
 * What only grows is copied afterwards, so that the trail has the record of all that the rest shows: an act is recorded before it is done. A record that
 * was half written is cut off by its reader, as after a crash.
 */
public final class Backup {

    /** The locks of those who replace files, in one order. */
    private static final List<String> LOCKS = List.of("platform.lock", "policy.lock", "revocations.lock");

    private static final List<String> GROWING = List.of("tokens", "audit");
    private static final int BUFFER = 1 << 16;

    private final Path state;
    private final ZipOutputStream archive;
    private final Instant now;
    private final List<Manifest.Item> items = new ArrayList<>();

    private Backup(Path state, ZipOutputStream archive, Instant now) {
        this.state = state;
        this.archive = archive;
        this.now = now;
    }

    /**
     * Writes a state folder into a file, 0600, as the platform's keys are in it.
     *
     * @return what the file holds
     * @throws HostException where the file is there, or cannot be written: then it is not there afterwards
     * @throws LaunchException where the folder holds no platform, or cannot be read
     */
    public static Manifest write(Path state, Path file, InstantSource clock) throws HostException, LaunchException {
        String platform = PlatformFile.in(state).load().id();
        Path path = file.toAbsolutePath();
        Path temporary = path.resolveSibling(
                "." + path.getFileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(path.toString());
            }
            Files.deleteIfExists(temporary);
            try (FileChannel channel = FileChannel.open(
                    temporary,
                    Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                ZipOutputStream archive = new ZipOutputStream(Channels.newOutputStream(channel));
                Backup backup = new Backup(state, archive, clock.instant().truncatedTo(ChronoUnit.SECONDS));
                Manifest manifest = backup.write(platform);
                archive.finish();
                channel.force(true);
                Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE);
                return manifest;
            } finally {
                Files.deleteIfExists(temporary);
            }
        } catch (FileAlreadyExistsException e) {
            throw new HostException(path + " is there already: choose another name", e);
        } catch (IOException e) {
            throw new HostException("the backup %s cannot be written: %s".formatted(path, e.getMessage()), e);
        }
    }

    private Manifest write(String platform) throws IOException, LaunchException, HostException {
        // What cannot be backed up is told before anybody waits.
        names();
        locked(0, () -> {
            for (String name : names()) {
                if (!grows(name)) {
                    copy(name);
                }
            }
        });
        for (String name : names()) {
            if (grows(name)) {
                copy(name);
            }
        }
        Manifest manifest = new Manifest(platform, now, items);
        entry(Manifest.NAME);
        archive.write(manifest.format());
        archive.closeEntry();
        return manifest;
    }

    private interface Copying {
        void run() throws IOException;
    }

    private void locked(int lock, Copying copying) throws LaunchException {
        LockFile.locked(state.resolve(LOCKS.get(lock)), () -> {
            if (lock + 1 < LOCKS.size()) {
                locked(lock + 1, copying);
            } else {
                copying.run();
            }
            return state;
        });
    }

    private static boolean grows(String name) {
        return GROWING.stream().anyMatch(one -> name.equals(one) || name.startsWith(one + "/"));
    }

    /** The files of the folder that are kept, by name: numbers come before what they number. Hidden ones are what somebody is writing. */
    private List<String> names() throws IOException {
        List<String> names;
        try (Stream<Path> all = Files.walk(state)) {
            names = all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .map(file -> state.relativize(file).toString())
                    .filter(name -> !isHidden(name) && !name.endsWith(".lock"))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        }
        for (String name : names) {
            if (!Manifest.isName(name)) {
                throw new IOException(
                        "the state folder has a file \"%s\", and a backup keeps names of printable ASCII: rename it, or move it away"
                                .formatted(name.replaceAll("[^ -~]", "?")));
            }
        }
        return names;
    }

    private static boolean isHidden(String name) {
        return name.startsWith(".") || name.contains("/.");
    }

    private void copy(String name) throws IOException {
        MessageDigest digest = Manifest.digest();
        long size = 0;
        try (InputStream in = Files.newInputStream(state.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
            long left = Files.size(state.resolve(name));
            entry(name);
            byte[] buffer = new byte[BUFFER];
            // What is appended from here on is not waited for.
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    break;
                }
                digest.update(buffer, 0, read);
                archive.write(buffer, 0, read);
                size += read;
                left -= read;
            }
            archive.closeEntry();
        } catch (NoSuchFileException e) {
            // A writer's temporary file, or a file that is gone by now.
            return;
        }
        items.add(new Manifest.Item(name, size, HexFormat.of().formatHex(digest.digest())));
    }

    private void entry(String name) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        entry.setLastModifiedTime(FileTime.from(now));
        archive.putNextEntry(entry);
    }
}
