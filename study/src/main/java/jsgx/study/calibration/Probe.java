package jsgx.study.calibration;

import java.io.IOException;
import jsgx.launch.LaunchException;

/** Does one step of a launch again and again. */
@FunctionalInterface
interface Probe extends AutoCloseable {

    /** Does the step once; the nanoseconds that it took, without what had to be prepared for it; below 0 where a difference of two times came out so. */
    long sample() throws LaunchException, IOException;

    /** Ends what it began. */
    @Override
    default void close() throws LaunchException, IOException {}
}
