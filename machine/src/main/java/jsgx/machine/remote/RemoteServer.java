package jsgx.machine.remote;

import java.util.List;
import jsgx.machine.linux.LinuxException;

/**
 * The daemon's end of a run that a front end supervises. Who accepts connections knows the peer, decides what it gets, and sends it {@link #welcome} with
 * {@link #descriptors} in one message; then it serves until the front end is gone, or does not answer in time, or says what makes no sense. At the end
 * everything that the front end had is released.
 */
public final class RemoteServer implements AutoCloseable {

    private final RemoteSession session;

    /** A session that has not begun. */
    public RemoteServer(RunRequest request, RemoteSession session) throws LinuxException {
        this.session = session;
    }

    /** What the front end's {@link jsgx.machine.remote} end has to be given, with the descriptors. */
    public byte[] welcome() {
        return new byte[0];
    }

    /** What goes to the front end (SCM_RIGHTS), in this order. */
    public List<Integer> descriptors() {
        return List.of(session.epcDescriptor());
    }

    /** Serves until the session has ended, and releases what it had. */
    public void serve() {}

    /** Ends the session. Any thread may call it, also to say that the connection is gone. */
    @Override
    public void close() {}
}
