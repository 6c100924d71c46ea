package jsgx.cli;

import java.security.SecureRandom;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.StateFolder;

/** The platform that a command runs on. */
final class Platforms {

    private Platforms() {}

    /** The user's platform file. */
    static PlatformFile file(Surroundings surroundings) throws LaunchException {
        return PlatformFile.in(surroundings.directory().resolve(StateFolder.path(surroundings.environment())));
    }

    /** The user's platform, made at first use. */
    static Platform own(Surroundings surroundings) throws LaunchException {
        return file(surroundings).loadOrCreate();
    }

    /** The user's platform, or a new one that is not kept where there is none: to look at a file makes no platform. */
    static Platform forLooking(Surroundings surroundings) throws LaunchException {
        PlatformFile file = file(surroundings);
        return file.exists() ? file.load() : Platform.create(new SecureRandom());
    }
}
