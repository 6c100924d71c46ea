package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** epoll(7): one thread waits for many descriptors. {@link #await} is one thread's; the rest is for any. */
public final class Epoll implements AutoCloseable {

    public static final int IN = 1;
    public static final int OUT = 4;
    public static final int ERR = 8;
    public static final int HUP = 0x10;
    public static final int RDHUP = 0x2000;
    public static final int ONESHOT = 1 << 30;
    public static final int EDGE = 1 << 31;

    private static final int ADD = 1;
    private static final int DELETE = 2;
    private static final int MODIFY = 3;

    /** struct epoll_event, which is packed on x86-64. */
    private static final int EVENT_BYTES = 12;

    private static final int DATA = 4;
    private static final int BATCH = 256;

    private final OpenDescriptor open;
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment events = arena.allocate((long) EVENT_BYTES * BATCH);

    /** Hears what happened to one descriptor. */
    @FunctionalInterface
    public interface Handler {

        /**
         * Something happened.
         *
         * @param data what the descriptor was added with
         * @param events bits of this class
         */
        void happened(long data, int events);
    }

    public Epoll() throws LinuxException {
        open = new OpenDescriptor(
                (int) Linux.check("epoll_create1", Linux.call(SystemCall.EPOLL_CREATE1, Linux.O_CLOEXEC)));
    }

    /** Adds a descriptor, with what the handler will hear of it. */
    public void add(int descriptor, int events, long data) throws LinuxException {
        Linux.check("epoll_ctl", control(ADD, descriptor, events, data));
    }

    /** Waits for other events of a descriptor. */
    public void modify(int descriptor, int events, long data) throws LinuxException {
        Linux.check("epoll_ctl", control(MODIFY, descriptor, events, data));
    }

    /** Waits for other events of a descriptor, if it is known. */
    void change(int descriptor, int events, long data) {
        control(MODIFY, descriptor, events, data);
    }

    /** Forgets a descriptor, if it is known. */
    public void remove(int descriptor) {
        control(DELETE, descriptor, 0, 0);
    }

    private long control(int operation, int descriptor, int wanted, long data) {
        if (!open.enter()) {
            return -Errors.EBADF;
        }
        try (Arena confined = Arena.ofConfined()) {
            MemorySegment event = confined.allocate(EVENT_BYTES, Long.BYTES);
            event.set(JAVA_INT, 0, wanted);
            event.set(JAVA_LONG_UNALIGNED, DATA, data);
            return Linux.call(SystemCall.EPOLL_CTL, open.number(), operation, descriptor, event.address());
        } finally {
            open.leave();
        }
    }

    /**
     * Waits until something happens, and tells of all that did.
     *
     * @param timeoutMillis how long at most, without end where negative
     * @return how many descriptors the handler heard of; 0 too where a signal came
     */
    public int await(int timeoutMillis, Handler handler) throws LinuxException {
        if (!open.enter()) {
            throw new LinuxException("epoll_wait", Errors.EBADF);
        }
        long count;
        try {
            count = Linux.call(SystemCall.EPOLL_WAIT, open.number(), events.address(), BATCH, timeoutMillis);
        } finally {
            open.leave();
        }
        if (count == -Errors.EINTR) {
            return 0;
        }
        Linux.check("epoll_wait", count);
        for (int i = 0; i < count; i++) {
            long at = (long) EVENT_BYTES * i;
            handler.happened(events.get(JAVA_LONG_UNALIGNED, at + DATA), events.get(JAVA_INT, at));
        }
        return (int) count;
    }

    /** Frees it once no thread waits any more. */
    @Override
    public void close() {
        open.close(() -> {});
    }
}
