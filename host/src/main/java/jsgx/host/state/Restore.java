package jsgx.host.state;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.PlatformFile;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.audit.AuditLog;
import jsgx.launch.audit.AuditOptions;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.audit.AuditVerification;
import jsgx.launch.governor.RevocationFile;
import jsgx.launch.governor.Workloads;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.store.TokenStore;
import jsgx.machine.linux.Linux;
import org.jspecify.annotations.Nullable;

/**
 * Puts a backup in the place of a state folder. All of it is unpacked beside the folder and checked there: each file against the manifest,
 * the platform, the chain of the audit trail with its signatures, the tokens, revocations and policy. Until then nothing is changed; then the two folders
 * change places in one step.
 */
public final class Restore {

    private static final FileAttribute<Set<PosixFilePermission>> FILE_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<Set<PosixFilePermission>> FOLDER_MODE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");
    private static final int RENAMEAT2 = 316;
    private static final int AT_FDCWD = -100;
    private static final int RENAME_EXCHANGE = 2;
    private static final int BUFFER = 1 << 16;

    private Restore() {}

    /**
     * What was restored.
     *
     * @param manifest what the backup held
     * @param entries how many entries its audit trail has
     * @param before where what was in the folder lies now; null where it was empty
     */
    public record Done(
            Manifest manifest, long entries, @Nullable Path before) {}

    /**
     * Restores a backup.
     *
     * @param replace whether a folder that is not empty may be replaced; it is kept beside
     * @throws HostException where the backup cannot be used, or the folder is a running host's: nothing is changed
     * @throws LaunchException where what the backup holds cannot be used: nothing is changed
     */
    public static Done restore(Path file, Path state, boolean replace, InstantSource clock)
            throws HostException, LaunchException {
        Path folder = state.toAbsolutePath().normalize();
        boolean empty = isEmpty(folder);
        if (!empty && !replace) {
            throw new HostException(
                    "%s is not empty: nothing was restored; with --replace it is kept beside under another name"
                            .formatted(folder));
        }
        checkPlace(folder);
        @Nullable StateLock lock = empty ? null : StateLock.take(folder);
        @Nullable Path unpacked = null;
        try {
            Files.createDirectories(parent(folder), FOLDER_MODE);
            unpacked = Files.createTempDirectory(parent(folder), ".restore-", FOLDER_MODE);
            Manifest manifest = unpack(file, unpacked);
            long entries = check(unpacked, manifest);
            record(unpacked, file, manifest, clock);
            exchange(unpacked, folder, empty);
            // From here on what was unpacked is in force, and under its name lies what was there before: that is never
            // removed.
            Path former = unpacked;
            unpacked = null;
            Path before = empty ? null : putAway(former, folder, clock.instant());
            sync(folder);
            return new Done(manifest, entries, before);
        } catch (ZipException e) {
            throw new HostException("%s is no backup, or was cut short: %s".formatted(file, e.getMessage()), e);
        } catch (IOException e) {
            throw new HostException("%s cannot be restored: %s".formatted(file, e.getMessage()), e);
        } finally {
            if (unpacked != null) {
                remove(unpacked);
            }
            if (lock != null) {
                lock.close();
            }
        }
    }

    private static Path parent(Path folder) throws HostException {
        Path parent = folder.getParent();
        if (parent == null) {
            throw new HostException(folder + " is no state folder");
        }
        return parent;
    }

    /** Two folders change places in one step where both are entries of one folder that may be written. */
    private static void checkPlace(Path folder) throws HostException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        Path parent = parent(folder);
        try {
            if (isMountPoint(folder.toRealPath(), Files.readAllLines(MOUNTS, StandardCharsets.ISO_8859_1))) {
                throw new HostException(
                        "%s is a mount point, and a folder takes its place in one step: restore into a folder in it (JSGX_HOME=%s) and use that from then on, or restore where it is not mounted and copy"
                                .formatted(folder, folder.resolve("state")));
            }
        } catch (IOException e) {
            throw new HostException("the mounts cannot be read: " + e.getMessage(), e);
        }
        if (!Files.isWritable(parent)) {
            throw new HostException(
                    "%s may not be written by who runs this, and what is restored takes the place of %s there: run this as who may, or restore into another folder with JSGX_HOME"
                            .formatted(parent, folder));
        }
    }

    /** Whether a folder is the root of a mount, by the lines of mountinfo; there spaces and the like are octal. */
    static boolean isMountPoint(Path folder, List<String> mounts) {
        byte[] bytes = folder.toString().getBytes(StandardCharsets.UTF_8);
        String name = new String(bytes, StandardCharsets.ISO_8859_1)
                .replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012");
        return mounts.stream()
                .map(line -> line.split(" ", 6))
                .anyMatch(fields -> fields.length > 4 && fields[4].equals(name));
    }

    private static boolean isEmpty(Path folder) throws HostException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        try (DirectoryStream<Path> content = Files.newDirectoryStream(folder)) {
            return !content.iterator().hasNext();
        } catch (IOException e) {
            throw new HostException("%s cannot be listed: %s".formatted(folder, e.getMessage()), e);
        }
    }

    private static Manifest unpack(Path file, Path into) throws IOException, HostException {
        try (ZipFile archive = new ZipFile(file.toFile())) {
            ZipEntry last = archive.getEntry(Manifest.NAME);
            if (last == null) {
                throw new HostException("%s is no backup of jsgx: it has no manifest".formatted(file));
            }
            Manifest manifest;
            try (InputStream in = archive.getInputStream(last)) {
                manifest = Manifest.parse(in.readNBytes(Manifest.MAX_SIZE));
            } catch (HostException e) {
                throw new HostException(file + ": " + e.getMessage(), e);
            }
            if (archive.size() != manifest.files().size() + 1) {
                throw new HostException("%s: %d files, and its manifest names %d: it was changed or damaged"
                        .formatted(file, archive.size() - 1, manifest.files().size()));
            }
            for (Manifest.Item item : manifest.files()) {
                unpack(archive, item, into);
            }
            return manifest;
        }
    }

    private static void unpack(ZipFile archive, Manifest.Item item, Path into) throws IOException, HostException {
        ZipEntry entry = archive.getEntry(item.name());
        if (entry == null) {
            throw new HostException("%s is not in the backup: it was changed or damaged".formatted(item.name()));
        }
        Path target = into.resolve(item.name());
        Files.createDirectories(target.getParent() == null ? into : target.getParent(), FOLDER_MODE);
        MessageDigest digest = Manifest.digest();
        long size = 0;
        try (InputStream in = archive.getInputStream(entry);
                FileChannel channel = FileChannel.open(
                        target, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), FILE_MODE);
                OutputStream out = Channels.newOutputStream(channel)) {
            byte[] buffer = new byte[BUFFER];
            // No more is unpacked than the manifest says: a small archive may hold a large file.
            for (int read = in.read(buffer); read >= 0 && size <= item.size(); read = in.read(buffer)) {
                digest.update(buffer, 0, read);
                out.write(buffer, 0, read);
                size += read;
            }
            channel.force(true);
        }
        if (size != item.size() || !HexFormat.of().formatHex(digest.digest()).equals(item.sha256())) {
            throw new HostException(
                    "%s in the backup is not what its manifest says: it was changed or damaged".formatted(item.name()));
        }
    }

    /** Checks what was unpacked, as the next host would read it, and counts the entries of its trail. */
    private static long check(Path folder, Manifest manifest) throws HostException, LaunchException {
        String platform = PlatformFile.in(folder).load().id();
        if (!platform.equals(manifest.platform())) {
            throw new HostException("the backup says that it is of platform %s, and holds platform %s"
                    .formatted(manifest.platform(), platform));
        }
        StateMark.check(folder, platform);
        RevocationFile.look(folder);
        try {
            PolicyFolder.look(folder, InstantSource.system()).load();
        } catch (PolicyException e) {
            throw new HostException("the backup's policy cannot be used: " + e.getMessage(), e);
        }
        if (Files.exists(folder.resolve(TokenStore.FILE_NAME))) {
            TokenStore.in(folder).close();
        }
        Path trail = folder.resolve("audit");
        if (!Files.exists(trail)) {
            return 0;
        }
        return switch (AuditReader.verify(trail, AuditKey.readPublic(trail.resolve("key.pub")), List.of())) {
            case AuditVerification.Intact intact -> intact.entries();
            case AuditVerification.Broken broken ->
                throw new HostException("the backup's audit trail does not hold at entry %d: expected %s, found %s: %s"
                        .formatted(broken.number(), broken.expected(), broken.found(), broken.meaning()));
        };
    }

    /** The restored trail says that it was restored: what came after the backup is not in it. */
    private static void record(Path folder, Path file, Manifest manifest, InstantSource clock) throws LaunchException {
        long revision = RevocationFile.look(folder).revision();
        try (AuditLog log = AuditLog.open(folder.resolve("audit"), AuditOptions.defaults(), clock)) {
            log.record(new AuditEvent(
                    HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
                    clock.instant(),
                    AuditEvent.Kind.ADMINISTRATION,
                    Workloads.ofThisProcess().name(),
                    "",
                    "",
                    "",
                    0,
                    0,
                    "restore",
                    "",
                    revision,
                    "",
                    "",
                    "%s of %s".formatted(file.getFileName(), manifest.created())));
        }
    }

    /** Puts a folder in the place of another, in one step; the other has its name afterwards, where it was not empty. */
    private static void exchange(Path unpacked, Path state, boolean empty) throws IOException {
        if (empty) {
            Files.move(unpacked, state, StandardCopyOption.ATOMIC_MOVE);
        } else {
            try (Arena arena = Arena.ofConfined()) {
                long result = Linux.call(
                        RENAMEAT2,
                        AT_FDCWD,
                        arena.allocateFrom(unpacked.toString()).address(),
                        AT_FDCWD,
                        arena.allocateFrom(state.toString()).address(),
                        RENAME_EXCHANGE);
                if (Linux.failed(result)) {
                    throw new IOException("the folders cannot change places: error " + -result);
                }
            }
        }
    }

    /** Gives the folder that was there before a name of its own, and returns where it lies. */
    private static Path putAway(Path former, Path state, Instant now) {
        Path before = unused(state.resolveSibling(
                "%s.before-%s".formatted(state.getFileName(), now.toString().replaceAll("[^0-9TZ]", ""))));
        try {
            return Files.move(former, before, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            // A full disk for one: it stays where it is.
            return former;
        }
    }

    private static void sync(Path state) throws IOException {
        try (FileChannel channel = FileChannel.open(state.resolveSibling("."), StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static Path unused(Path wanted) {
        Path name = wanted;
        for (int i = 2; Files.exists(name, LinkOption.NOFOLLOW_LINKS); i++) {
            name = wanted.resolveSibling(wanted.getFileName() + "-" + i);
        }
        return name;
    }

    private static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        } catch (IOException e) {
            // It was moved to its place; or it stays, and nothing reads it.
        }
    }
}
