package jsgx.study.calibration;

import java.io.IOException;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.governor.GovernorOptions;

/** Switches platforms on, with a launch enclave that runs in one way or another. */
@FunctionalInterface
public interface Machines {

    /** The launch enclave is the Java twin. */
    Machines JAVA = RunningPlatform::of;

    /** A platform that is on, and is the caller's to close. */
    RunningPlatform switchOn(Platform platform, GovernorOptions governance) throws LaunchException, IOException;
}
