package jsgx.machine.remote;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.StreamSocket;
import jsgx.machine.task.Attention;
import org.jspecify.annotations.Nullable;

/**
 * A socket on which two threads take turns: one calls, the other answers, and may call back before it does, as deep as they like. Nobody sends out of turn, so
 * that there are neither numbers of calls nor threads that only read. One thread of this process uses a lane at a time.
 *
 * <p>A frame is its length behind the length (four bytes, little-endian), what it is (one byte), for a call the operation (one byte), and its operands.
 */
final class Lane implements AutoCloseable {

    /** The longest frame of a daemon: more than the longest list of mappings that the kernel lets a process have. */
    private static final int LONGEST_OF_DAEMON = 8 << 20;

    /** The longest frame of a front end: more than what is asked for at once. */
    private static final int LONGEST_OF_FRONT_END = 256 << 10;

    private static final int CALL = 1;
    private static final int ANSWER = 2;
    private static final int EVENT = 3;
    private static final int HEADER = 5;
    private static final int BUFFER = 64 << 10;
    private static final int DEEPEST = 16;

    /** Who serves the other end's calls. */
    interface Server {

        /** Serves a call: reads its operands, and writes what it answers. */
        void serve(Lane lane, Op op, In in, Out out);

        /** Something happened that nobody asked for. */
        void event(In in);
    }

    private final StreamSocket socket;
    private final Server server;
    private final Arena arena = Arena.ofShared();
    private final boolean attentive;
    private final int longest;

    /** Nothing until it is used: most lanes are idle. */
    private MemorySegment received = MemorySegment.NULL;

    private MemorySegment sending = MemorySegment.NULL;
    private int from;
    private int to;
    private int depth;

    /** When the other end must have answered; guarded by whose turn it is. */
    private long deadline = StreamSocket.NEVER;

    /**
     * A lane.
     *
     * @param frontEnd whether this end is the front end's: who waits here attends to others ({@link Attention}), for as long as it takes
     */
    Lane(StreamSocket socket, Server server, boolean frontEnd) {
        this.socket = socket;
        this.server = server;
        attentive = frontEnd;
        longest = frontEnd ? LONGEST_OF_DAEMON : LONGEST_OF_FRONT_END;
    }

    /** Serves calls until the other end is gone. */
    void serve() {
        while (true) {
            deadline = StreamSocket.NEVER;
            @Nullable In in = next(true);
            if (in == null) {
                return;
            }
            if (in.u8() != CALL) {
                throw new BadMessage("an answer to nothing");
            }
            answer(in);
        }
    }

    /** Calls the other end, by which time it must have answered where nobody waits for longer already. */
    In call(Op op, Out operands, long patienceNanos) {
        boolean first = deadline == StreamSocket.NEVER && patienceNanos != StreamSocket.NEVER;
        if (first) {
            deadline = System.nanoTime() + patienceNanos;
        }
        if (++depth > DEEPEST) {
            throw new BadMessage("calls within calls within calls");
        }
        try {
            send(CALL, op, operands);
            while (true) {
                @Nullable In in = next(false);
                if (in == null) {
                    throw new LaneEnded("the other end is gone");
                }
                switch (in.u8()) {
                    case ANSWER -> {
                        return in;
                    }
                    case CALL -> answer(in);
                    case EVENT -> server.event(in);
                    default -> throw new BadMessage("a frame that is neither call nor answer");
                }
            }
        } finally {
            depth--;
            if (first) {
                deadline = StreamSocket.NEVER;
            }
        }
    }

    /** Whether a call of this end waits for its answer. */
    boolean isNested() {
        return depth > 0;
    }

    private void answer(In in) {
        Op op = Op.of(in.u8());
        Out out = new Out();
        server.serve(this, op, in, out);
        send(ANSWER, null, out);
    }

    /** Tells the other end of something; it hears of it before the next answer. */
    void tell(Out event) {
        send(EVENT, null, event);
    }

    private void send(int what, @Nullable Op op, Out operands) {
        int header = op == null ? HEADER : HEADER + 1;
        int size = header + operands.size();
        if (size > sending.byteSize()) {
            sending = arena.allocate(Math.max(BUFFER, size * 2L), Long.BYTES);
        }
        sending.set(JAVA_INT, 0, size - Integer.BYTES);
        sending.set(JAVA_BYTE, Integer.BYTES, (byte) what);
        if (op != null) {
            sending.set(JAVA_BYTE, HEADER, (byte) op.ordinal());
        }
        MemorySegment.copy(operands.array(), 0, sending, JAVA_BYTE, header, operands.size());
        long result = socket.send(sending.asSlice(0, size), sendDeadline());
        if (result != 0) {
            throw ended(result);
        }
    }

    /** Nobody may take an answer slowly either. */
    private long sendDeadline() {
        return attentive || deadline != StreamSocket.NEVER
                ? deadline
                : System.nanoTime() + RemoteSession.PATIENCE.toNanos();
    }

    /** The next frame behind its length; null where the stream ends before it. */
    private @Nullable In next(boolean idle) {
        if (!fill(Integer.BYTES, idle ? StreamSocket.NEVER : deadline)) {
            return null;
        }
        int length = received.get(JAVA_INT.withByteAlignment(1), from);
        from += Integer.BYTES;
        if (length < 1 || length > longest) {
            throw new BadMessage("a frame of %d bytes: expected 1 to %d".formatted(length, longest));
        }
        long by = attentive || deadline != StreamSocket.NEVER
                ? deadline
                : System.nanoTime() + RemoteSession.PATIENCE.toNanos();
        byte[] frame = new byte[Math.min(length, BUFFER)];
        int done = 0;
        while (done < length) {
            if (!fill(1, by)) {
                throw new LaneEnded("the other end is gone in the middle of a message");
            }
            int here = Math.min(length - done, to - from);
            if (done + here > frame.length) {
                // Nobody makes us keep room for what does not come.
                frame = java.util.Arrays.copyOf(frame, Math.min(length, Math.max(done + here, frame.length * 2)));
            }
            MemorySegment.copy(received, JAVA_BYTE, from, frame, done, here);
            from += here;
            done += here;
        }
        return new In(frame);
    }

    /** Receives until so many bytes are there; false where the stream ends first. */
    private boolean fill(int bytes, long by) {
        if (received.byteSize() == 0) {
            received = arena.allocate(BUFFER, Long.BYTES);
        }
        while (to - from < bytes) {
            if (from == to) {
                from = 0;
                to = 0;
            } else if (from > 0) {
                MemorySegment.copy(received, from, received, 0, to - from);
                to -= from;
                from = 0;
            }
            MemorySegment room = received.asSlice(to);
            long got = attentive ? socket.receive(room, Attention::waiting) : socket.receive(room, by);
            if (got == -Errors.EINTR) {
                Attention.attend();
            } else if (got == 0) {
                return false;
            } else if (Linux.failed(got)) {
                throw ended(got);
            } else {
                to += (int) got;
            }
        }
        return true;
    }

    private static LaneEnded ended(long result) {
        return new LaneEnded(result == -Errors.ETIMEDOUT ? "no answer in time" : Linux.errorText((int) -result));
    }

    /** Ends both directions; whoever waits at either end finds the end. Any thread may call it. */
    void shutdown() {
        socket.shutdown();
    }

    /** Frees what it has; nobody uses it any more. */
    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
