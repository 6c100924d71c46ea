package jsgx.launch;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The file in which a platform is kept between processes: {@code platform} in the state folder, 0600 in a 0700 folder.
 */
public final class PlatformFile {

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
        return new PlatformFile(folder.resolve("platform"));
    }

    /** Where it lies. */
    public Path path() {
        return file;
    }

    /** Whether something lies there. */
    public boolean exists() {
        return Skeleton.absent();
    }

    /** The platform that was kept. */
    public Platform load() throws LaunchException {
        return Skeleton.absent();
    }

    /** The platform that was kept; on first use a new one, which is kept. Of two first users at once, both get the same. */
    public Platform loadOrCreate() throws LaunchException {
        return Skeleton.absent();
    }

    /** Keeps a new platform in place of whatever was there, a broken file too. */
    public Platform replace(Platform platform) throws LaunchException {
        return Skeleton.absent();
    }

    /** Reads, changes and keeps, with no other process in between. */
    public Platform update(UnaryOperator<Platform> change) throws LaunchException {
        return Skeleton.absent();
    }
}
