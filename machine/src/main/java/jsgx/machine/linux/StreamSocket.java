package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
import java.util.function.ToLongFunction;

/**
 * One end of a connected pair of sockets, for one thread at a time. Who waits here waits in the kernel, in one system call. Results are the kernel's.
 */
public final class StreamSocket implements AutoCloseable {

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_CLOEXEC = 0x8_0000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int SHUT_RDWR = 2;

    private static final int SOCKETPAIR = 53;
    private static final int SENDTO = 44;
    private static final int RECVFROM = 45;
    private static final int SHUTDOWN = 48;
    private static final short POLLOUT = 4;
    private static final long MILLI = 1_000_000;

    /** There is no end of a wait. */
    public static final long NEVER = Long.MAX_VALUE;

    private final int descriptor;
    private boolean closed;

    /** Takes a descriptor over. */
    public StreamSocket(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Two ends, as descriptors that exec closes. */
    public static int[] pair() throws LinuxException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(JAVA_INT, 2);
            Linux.check("socketpair", Linux.call(SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.address()));
            return ends.toArray(JAVA_INT);
        }
    }

    /**
     * Receives what there is, or waits for some.
     *
     * @param wait makes the system call that may wait
     * @return how many bytes, 0 at the end of the stream, -EINTR where a signal came
     */
    public long receive(MemorySegment to, ToLongFunction<LongSupplier> wait) {
        long now = transfer(RECVFROM, to, MSG_DONTWAIT);
        return now == -Errors.EAGAIN ? wait.applyAsLong(() -> transfer(RECVFROM, to, 0)) : now;
    }

    /**
     * Receives what there is, or waits for some.
     *
     * @param deadline on the clock of {@link System#nanoTime}, or {@link #NEVER}
     * @return how many bytes, 0 at the end of the stream, -ETIMEDOUT
     */
    public long receive(MemorySegment to, long deadline) {
        while (true) {
            long now = transfer(RECVFROM, to, deadline == NEVER ? 0 : MSG_DONTWAIT);
            if (now != -Errors.EAGAIN && now != -Errors.EINTR) {
                return now;
            }
            if (deadline != NEVER && !await((short) Linux.POLLIN, deadline)) {
                return -Errors.ETIMEDOUT;
            }
        }
    }

    /** Sends all; 0, or a negated errno, -ETIMEDOUT for one. */
    public long send(MemorySegment from, long deadline) {
        long done = 0;
        while (done < from.byteSize()) {
            long sent = transfer(SENDTO, from.asSlice(done), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent == -Errors.EAGAIN) {
                if (!await(POLLOUT, deadline)) {
                    return -Errors.ETIMEDOUT;
                }
            } else if (Linux.failed(sent) && sent != -Errors.EINTR) {
                return sent;
            } else {
                done += Math.max(0, sent);
            }
        }
        return 0;
    }

    /** Waits for an event; false where the time is over. */
    private boolean await(short event, long deadline) {
        long left = deadline == NEVER ? -1 : (deadline - System.nanoTime() + MILLI - 1) / MILLI;
        if (deadline != NEVER && left <= 0) {
            return false;
        }
        Linux.poll(new int[] {descriptor}, new short[] {event}, (int) Math.min(left, Integer.MAX_VALUE));
        return true;
    }

    private long transfer(int call, MemorySegment memory, int flags) {
        return Linux.call(call, descriptor, memory.address(), memory.byteSize(), flags, 0, 0);
    }

    /** Ends both directions: who waits at either end finds the end of the stream. Any thread may call it before {@link #close}. */
    public synchronized void shutdown() {
        if (!closed) {
            Linux.call(SHUTDOWN, descriptor, SHUT_RDWR);
        }
    }

    /** Frees the descriptor; nobody uses it any more. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            Linux.close(descriptor);
        }
    }
}
