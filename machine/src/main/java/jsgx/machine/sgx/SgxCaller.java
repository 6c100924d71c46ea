package jsgx.machine.sgx;

import java.util.Optional;

/** The thread of the program that a driver is called for. */
public interface SgxCaller {

    /** The device that a descriptor of the thread's file table is open on; empty where it is none of ours. */
    Optional<SgxFile> file(int descriptor);

    /** Whether the thread has a signal pending that is not blocked. */
    boolean signalPending();
}
