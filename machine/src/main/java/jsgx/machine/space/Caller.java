package jsgx.machine.space;

import java.util.Optional;
import jsgx.driver.DeviceFile;

/** The thread of the program that a driver is called for. */
public interface Caller {

    /** The device that a descriptor of the thread's file table is open on; empty where it is none of ours. */
    Optional<DeviceFile> file(int descriptor);

    /** Whether the thread has a signal pending that is not blocked. */
    boolean signalPending();
}
