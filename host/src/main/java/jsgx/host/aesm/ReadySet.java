package jsgx.host.aesm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SystemCall;

/** Descriptors, and which of them are ready: an epoll set that several threads wait for. */
final class ReadySet implements AutoCloseable {

    /** Something can be read, or the other end is closed. */
    static final int READABLE = 1 | 0x2000;

    static final int WRITABLE = 4;

    /** Told once, until {@link #again}. */
    static final int ONCE = 1 << 30;

    /** Told when it becomes so, not while it is. */
    static final int EDGE = 1 << 31;

    private static final int ADD = 1;
    private static final int MODIFY = 3;

    /** struct epoll_event, packed. */
    private static final int EVENT = 12;

    private static final int DATA = 4;

    private final int descriptor;

    ReadySet() throws LinuxException {
        descriptor = (int) Linux.check("epoll_create1", Linux.call(SystemCall.EPOLL_CREATE1, Linux.O_CLOEXEC));
    }

    /** Where one thread gets what is ready. */
    static final class Batch {

        private final MemorySegment events;
        private final int most;
        private int count;

        /** Memory that lives as long as the arena. */
        Batch(Arena arena, int most) {
            this.events = arena.allocate((long) EVENT * most, Long.BYTES);
            this.most = most;
        }

        int count() {
            return count;
        }

        /** Whether there may be more than it holds. */
        boolean isFull() {
            return count == most;
        }

        /** What a descriptor was added with. */
        long data(int index) {
            return events.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) EVENT * index + DATA);
        }
    }

    int descriptor() {
        return descriptor;
    }

    void add(int which, int events, long data) throws LinuxException {
        Linux.check("epoll_ctl", control(ADD, which, events, data));
    }

    /** Tells of it again. */
    void again(int which, int events, long data) throws LinuxException {
        Linux.check("epoll_ctl", control(MODIFY, which, events, data));
    }

    private long control(int operation, int which, int events, long data) {
        MemorySegment event = EVENTS.get();
        event.set(ValueLayout.JAVA_INT, 0, events);
        event.set(ValueLayout.JAVA_LONG_UNALIGNED, DATA, data);
        return Linux.call(SystemCall.EPOLL_CTL, descriptor, operation, which, event.address(), 0, 0);
    }

    private static final ThreadLocal<MemorySegment> EVENTS =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(EVENT, Long.BYTES));

    /** Fills a batch, if need be once something is ready; it may be empty. */
    void await(Batch batch, boolean wait) throws LinuxException {
        long count =
                Linux.call(SystemCall.EPOLL_WAIT, descriptor, batch.events.address(), batch.most, wait ? -1 : 0, 0, 0);
        batch.count = count == -Errors.EINTR ? 0 : (int) Linux.check("epoll_wait", count);
    }

    @Override
    public void close() {
        Linux.close(descriptor);
    }
}
