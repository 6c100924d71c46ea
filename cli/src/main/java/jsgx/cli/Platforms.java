package jsgx.cli;

import java.nio.file.Path;
import java.security.SecureRandom;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.StateFolder;

/** The platform that a command runs on. */
final class Platforms {

    private Platforms() {}

    /** The user's state folder. */
    static Path folder(Surroundings surroundings) throws LaunchException {
        return surroundings.directory().resolve(StateFolder.path(surroundings.environment()));
    }

    /** The user's platform file. */
    static PlatformFile file(Surroundings surroundings) throws LaunchException {
        return PlatformFile.in(folder(surroundings));
    }

    /** The user's platform, made at first use. */
    static Platform own(Surroundings surroundings) throws LaunchException {
        return file(surroundings).loadOrCreate();
    }

    /** The user's platform; where there is none and none can be kept, a new one for this once. */
    static Platform forLooking(Surroundings surroundings) throws LaunchException {
        try {
            if (!file(surroundings).exists()) {
                return own(surroundings);
            }
        } catch (LaunchException e) {
            // To look at a file needs no state folder.
            return Platform.create(new SecureRandom());
        }
        return file(surroundings).load();
    }
}
