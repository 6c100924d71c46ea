package jsgx.host.aesm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jsgx.host.peer.Peer;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.UnixConnection;
import org.jspecify.annotations.Nullable;

/**
 * A client's connection. One request of it is worked on at a time. It is either watched, and then nobody's, or it belongs to the thread
 * that was told of it, until that thread or one that it passed a request to watches it again.
 */
final class Connection {

    /** One thread's memory for bytes on their way. */
    static final class Buffer {

        static final int SIZE = AesmMessages.LENGTH + AesmMessages.MAX_BODY;

        private final MemorySegment memory;

        Buffer(Arena arena) {
            memory = arena.allocate(SIZE);
        }
    }

    private final long id;
    private final UnixConnection socket;
    private final int descriptor;
    private final Peer peer;
    private final Lane lane;
    private final Inbox inbox = new Inbox();

    /** What of an answer the kernel has not taken yet. */
    private byte[] unsent = {};

    private boolean owned;
    private boolean closed;

    /** Since when it is in the middle of a frame, or of an answer; {@link #NEVER} where it is not. */
    private long stalledSince = NEVER;

    private static final long NEVER = Long.MIN_VALUE;

    Connection(long id, UnixConnection socket, Peer peer, Lane lane) {
        this.id = id;
        this.socket = socket;
        this.descriptor = socket.descriptor();
        this.peer = peer;
        this.lane = lane;
    }

    long id() {
        return id;
    }

    Peer peer() {
        return peer;
    }

    Lane lane() {
        return lane;
    }

    /** Lets threads be told of it for the first time. */
    synchronized void begin() throws LinuxException {
        lane.ready().add(descriptor, ReadySet.READABLE | ReadySet.ONCE, id);
    }

    /** Takes it for a thread that was told of it; false where it is closed or another thread's. */
    synchronized boolean own() {
        if (closed || owned) {
            return false;
        }
        owned = true;
        return true;
    }

    /** Gives it back: threads are told of it again when something comes, or when the client reads on. False where that cannot be. */
    synchronized boolean watch() {
        if (closed) {
            return true;
        }
        owned = false;
        boolean stalled = inbox.isPartial() || unsent.length > 0;
        if (!stalled) {
            stalledSince = NEVER;
        } else if (stalledSince == NEVER) {
            stalledSince = System.nanoTime();
        }
        int events = unsent.length > 0 ? ReadySet.WRITABLE : ReadySet.READABLE;
        try {
            lane.ready().again(descriptor, events | ReadySet.ONCE, id);
            return true;
        } catch (LinuxException e) {
            return false;
        }
    }

    /** What a read found. */
    enum Came {
        SOMETHING,
        NOTHING,
        THE_END
    }

    /** Reads what is there, up to a buffer full. Only for the thread that owns it. */
    Came read(Buffer buffer) {
        long count = Descriptors.receive(descriptor, buffer.memory);
        if (count > 0) {
            inbox.add(buffer.memory, (int) count);
            return Came.SOMETHING;
        }
        return count == -Errors.EAGAIN ? Came.NOTHING : Came.THE_END;
    }

    /** The next frame's body; null where it is not there yet. Only for the thread that owns it. */
    byte @Nullable [] frame() {
        byte[] body = inbox.take();
        if (body != null) {
            // The next frame has its own time.
            stalledSince = NEVER;
        }
        return body;
    }

    /** Whether there are bytes of a next frame. Only for the thread that owns it. */
    boolean mayHaveFrame() {
        return inbox.isPartial();
    }

    /** Whether the next frame is one that is not read. Only for the thread that owns it. */
    boolean isTooLong() {
        return inbox.isTooLong();
    }

    boolean hasUnsent() {
        return unsent.length > 0;
    }

    /**
     * Sends what is left of the last answer, and then this one; what the kernel does not take is kept. Only for the thread that owns it.
     *
     * @return false where the client is gone
     */
    boolean send(byte[] answer, Buffer buffer) {
        byte[] bytes = unsent.length == 0 ? answer : join(unsent, answer);
        unsent = new byte[0];
        for (int sent = 0; sent < bytes.length; ) {
            int length = Math.min(bytes.length - sent, Buffer.SIZE);
            MemorySegment.copy(bytes, sent, buffer.memory, ValueLayout.JAVA_BYTE, 0, length);
            long taken = Descriptors.send(descriptor, buffer.memory, length);
            if (taken == -Errors.EAGAIN) {
                unsent = Arrays.copyOfRange(bytes, sent, bytes.length);
                return true;
            }
            if (Linux.failed(taken)) {
                return false;
            }
            sent += (int) taken;
        }
        return true;
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** Ends it where it is nobody's and has been in the middle of a frame since this time; true where this call did. */
    synchronized boolean closeStalledSince(long time) {
        // Looked at and closed in one: a thread that took it in between would use a number that is another connection's
        // by then.
        return !owned && stalledSince != NEVER && stalledSince - time <= 0 && close();
    }

    /** Ends it; true where this call did. */
    synchronized boolean close() {
        if (closed) {
            return false;
        }
        closed = true;
        socket.close();
        lane.left();
        return true;
    }
}
