package jsgx.machine.remote;

import jsgx.machine.linux.Errors;

/** What the daemon may ask about a call that a thread makes, of that thread. */
interface Questions {

    /** Nothing is asked. */
    Questions NONE = new Questions() {};

    /** The number of the open file of ours that a descriptor of the thread is; 0 where it is none. */
    default int file(int descriptor) {
        return 0;
    }

    /** Whether the thread has a signal pending that is not blocked. */
    default boolean signalPending() {
        return false;
    }

    /** Does what the call is about, in the thread; its result. */
    default long run() {
        return -Errors.EINVAL;
    }

    /** Does it with a piece of the range. */
    default long piece(long start, long end) {
        return -Errors.EINVAL;
    }
}
