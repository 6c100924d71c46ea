package jsgx.machine.linux;

import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Lets virtual threads wait for sockets: one platform thread waits for all of them, so that a connection that has nothing to
 * say costs a parked virtual thread and no more.
 */
public final class Poller implements AutoCloseable {

    /** The data of the descriptor that ends the thread. */
    private static final long END = 0;

    private final Epoll epoll;
    private final int wake;
    private final Thread thread;
    private final ConcurrentMap<Long, Watch> watches = new ConcurrentHashMap<>();
    private final AtomicLong next = new AtomicLong(END + 1);

    /**
     * A poller with its thread.
     *
     * @param name of the thread
     */
    public Poller(String name) throws LinuxException {
        epoll = new Epoll();
        long event = Linux.call(SystemCall.EVENTFD2, 0, Linux.O_CLOEXEC);
        if (Linux.failed(event)) {
            epoll.close();
            throw new LinuxException("eventfd", (int) -event);
        }
        wake = (int) event;
        epoll.add(wake, Epoll.IN, END);
        thread = Thread.ofPlatform().name(name).daemon().start(this::run);
    }

    private void run() {
        boolean[] ended = new boolean[1];
        try {
            while (!ended[0]) {
                epoll.await(-1, (data, events) -> {
                    Watch watch = watches.get(data);
                    if (data == END) {
                        ended[0] = true;
                    } else if (watch != null) {
                        watch.happened(events);
                    }
                });
            }
        } catch (LinuxException e) {
            throw new IllegalStateException("epoll", e);
        } finally {
            watches.values().forEach(watch -> watch.happened(Epoll.HUP));
            epoll.close();
            Linux.close(wake);
        }
    }

    Watch watch(int descriptor) throws LinuxException {
        Watch watch = new Watch(descriptor, next.getAndIncrement());
        watches.put(watch.id, watch);
        try {
            epoll.add(descriptor, Watch.READ, watch.id);
        } catch (LinuxException e) {
            watches.remove(watch.id);
            throw e;
        }
        return watch;
    }

    /** Ends its thread. Sockets that it watched must have been closed, or have nobody who waits. */
    @Override
    public void close() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
            Linux.call(SystemCall.WRITE, wake, one.address(), one.byteSize());
        }
        boolean interrupted = false;
        while (thread.isAlive() && thread != Thread.currentThread()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** One socket that is watched: at most one thread waits to read it, and one to write. */
    final class Watch {

        /** Edges alone: each is remembered until somebody takes it. */
        private static final int READ = Epoll.EDGE | Epoll.IN | Epoll.RDHUP;

        private final int descriptor;
        private final long id;
        private volatile boolean readable;
        private volatile boolean writable;
        private volatile @Nullable Thread reader;
        private volatile @Nullable Thread writer;

        private Watch(int descriptor, long id) {
            this.descriptor = descriptor;
            this.id = id;
        }

        private void happened(int events) {
            if ((events & ~Epoll.OUT) != 0) {
                readable = true;
                LockSupport.unpark(reader);
            }
            if ((events & ~(Epoll.IN | Epoll.RDHUP)) != 0) {
                writable = true;
                LockSupport.unpark(writer);
            }
        }

        /** Before an attempt to read: what happens from now on is remembered. */
        void beforeRead() {
            readable = false;
        }

        /** Parks until something happened since {@link #beforeRead}; false where the time was over first. */
        boolean awaitRead(Deadline deadline) throws InterruptedIOException {
            reader = Thread.currentThread();
            try {
                while (!readable) {
                    if (!park(deadline)) {
                        return false;
                    }
                }
                return true;
            } finally {
                reader = null;
            }
        }

        /** Parks until the socket takes bytes; false where the time was over first. */
        boolean awaitWrite(Deadline deadline) throws LinuxException, InterruptedIOException {
            writer = Thread.currentThread();
            writable = false;
            // To modify an entry looks at the socket anew: nothing that came in between is lost.
            epoll.modify(descriptor, READ | Epoll.OUT, id);
            try {
                while (!writable) {
                    if (!park(deadline)) {
                        return false;
                    }
                }
                return true;
            } finally {
                writer = null;
                // Where the socket was closed meanwhile there is nothing to undo.
                epoll.change(descriptor, READ, id);
            }
        }

        private boolean park(Deadline deadline) throws InterruptedIOException {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedIOException("interrupted while it waited for a socket");
            }
            if (deadline.endless()) {
                LockSupport.park(this);
                return true;
            }
            long left = deadline.nanosLeft();
            if (left > 0) {
                LockSupport.parkNanos(this, left);
            }
            return left > 0;
        }

        /** Forgets the socket, before its number is given back, and wakes who waits. */
        void end() {
            watches.remove(id);
            epoll.remove(descriptor);
            happened(Epoll.HUP);
        }
    }
}
