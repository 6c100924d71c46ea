package jsgx.launch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Map;
import java.util.function.UnaryOperator;
import jsgx.launch.file.LockFile;
import jsgx.launch.file.PrivateFile;

/**
 * The file in which a platform is kept between processes: {@code platform} in the state folder, 0600 in a 0700 folder.
 * Writers, of this process and of others, take turns by a lock on a file beside it; readers need none, since the file is
 * replaced as a whole.
 */
public final class PlatformFile {

    private static final int MAX_SIZE = 1 << 16;

    private final Path file;

    private PlatformFile(Path file) {
        this.file = file;
    }

    /** The platform file of the state folder that this environment names: see {@link StateFolder}. */
    public static PlatformFile of(Map<String, String> environment) throws LaunchException {
        return in(StateFolder.path(environment));
    }

    /** The platform file in this folder, which need not exist yet. */
    public static PlatformFile in(Path folder) {
        return new PlatformFile(folder.toAbsolutePath().normalize().resolve("platform"));
    }

    /** Where it lies. */
    public Path path() {
        return file;
    }

    /** Whether something lies there. */
    public boolean exists() {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** The platform that was kept. */
    public Platform load() throws LaunchException {
        if (!exists()) {
            throw new LaunchException("no platform yet at " + file + ": make one with  jsgx platform new");
        }
        PrivateFile.checkFolder(folder());
        return PlatformFormat.parse(file, PrivateFile.read(file, MAX_SIZE));
    }

    /** The platform that was kept; on first use a new one, which is kept. Of two first users at once, both get the same. */
    public Platform loadOrCreate() throws LaunchException {
        return exists() ? load() : locked(() -> exists() ? load() : keep(Platform.create(new SecureRandom())));
    }

    /** Keeps a platform in place of whatever was there, a broken file too. */
    public Platform replace(Platform platform) throws LaunchException {
        return locked(() -> keep(platform));
    }

    /** Reads, changes and keeps, with no other writer in between. */
    public Platform update(UnaryOperator<Platform> change) throws LaunchException {
        return locked(() -> keep(change.apply(load())));
    }

    private Platform keep(Platform platform) throws LaunchException, IOException {
        PrivateFile.removeLeftovers(file);
        PrivateFile.write(file, PlatformFormat.format(platform));
        return platform;
    }

    private Platform locked(LockFile.Work<Platform> work) throws LaunchException {
        return LockFile.locked(folder().resolve("platform.lock"), work);
    }

    private Path folder() {
        Path folder = file.getParent();
        return folder == null ? file : folder;
    }
}
