package jsgx.machine.linux;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import org.jspecify.annotations.Nullable;

/** A socket whose calls do not wait in the kernel, and how threads wait for it instead. */
final class WaitingSocket {

    private static final int SLICE_MILLIS = 1000;

    private final OpenDescriptor open;
    private final Poller.@Nullable Watch watch;

    /** A call on the descriptor that returns at once; the kernel's result. */
    interface Call {
        long on(int descriptor);
    }

    /** Takes over a descriptor, which is closed where this fails. */
    WaitingSocket(int descriptor, @Nullable Poller poller) throws LinuxException {
        open = new OpenDescriptor(descriptor);
        try {
            watch = poller == null ? null : poller.watch(descriptor);
        } catch (LinuxException e) {
            Linux.close(descriptor);
            throw e;
        }
    }

    int descriptor() {
        return open.number();
    }

    boolean isClosed() {
        return open.isClosed();
    }

    private void enter() throws AsynchronousCloseException {
        if (!open.enter()) {
            throw new AsynchronousCloseException();
        }
    }

    /** The result of a call on the open descriptor. */
    long call(Call call) throws AsynchronousCloseException {
        enter();
        try {
            return call.on(open.number());
        } finally {
            open.leave();
        }
    }

    /** The result of a call that reads or accepts, once there is something to read or the deadline is over. */
    long read(Deadline deadline, Call call) throws IOException {
        enter();
        try {
            while (true) {
                if (watch != null) {
                    watch.beforeRead();
                }
                long result = call.on(open.number());
                if (result == -Errors.EAGAIN) {
                    await(Linux.POLLIN, deadline);
                } else if (result != -Errors.EINTR) {
                    return result;
                }
            }
        } finally {
            open.leave();
        }
    }

    /** The result of a call that writes, once it was taken or the deadline is over. */
    long write(Deadline deadline, Call call) throws IOException {
        enter();
        try {
            while (true) {
                long result = call.on(open.number());
                if (result == -Errors.EAGAIN) {
                    await(Linux.POLLOUT, deadline);
                } else if (result != -Errors.EINTR) {
                    return result;
                }
            }
        } finally {
            open.leave();
        }
    }

    private void await(int event, Deadline deadline) throws IOException {
        if (isClosed()) {
            throw new AsynchronousCloseException();
        }
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedIOException("interrupted while it waited for a socket");
        }
        boolean came;
        if (watch == null) {
            // An interrupt does not end poll(2): it is seen after a while.
            int millis = deadline.endless() ? SLICE_MILLIS : Math.min(SLICE_MILLIS, deadline.pollMillis());
            long result = Linux.poll(new int[] {open.number()}, new short[] {(short) event}, millis);
            came = result != 0 || deadline.endless() || deadline.nanosLeft() > 0;
        } else {
            came = event == Linux.POLLIN ? watch.awaitRead(deadline) : watch.awaitWrite(deadline);
        }
        if (!came) {
            throw new SocketTimeoutException(
                    event == Linux.POLLIN ? "nothing came in time" : "nothing was taken in time");
        }
    }

    /** Ends both directions, and with them the calls of threads that wait. */
    void close() {
        open.close(() -> {
            SocketCalls.shutdown(open.number());
            if (watch != null) {
                watch.end();
            }
        });
    }
}
