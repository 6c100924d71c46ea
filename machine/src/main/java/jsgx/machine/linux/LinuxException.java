package jsgx.machine.linux;

import java.io.IOException;

/** A system call that failed. */
public final class LinuxException extends IOException {

    private static final long serialVersionUID = 1L;

    private final int errno;

    /**
     * A failure.
     *
     * @param what what was to be done
     * @param errno why it failed, a positive number
     */
    public LinuxException(String what, int errno) {
        super(what + ": " + Linux.errorText(errno));
        this.errno = errno;
    }

    /** The error number, positive. */
    public int errno() {
        return errno;
    }
}
