package jsgx.study.trace;

import java.util.ArrayList;
import java.util.List;

/** Events as columns of numbers, in pieces, so that growing copies nothing: 17 bytes an event. */
final class EventColumns {

    private static final int SHIFT = 14;
    private static final int PIECE = 1 << SHIFT;
    private static final int WITHIN = PIECE - 1;
    private static final Event[] EVENTS = Event.values();

    private final List<Piece> pieces = new ArrayList<>();
    private int size;
    private boolean closed;

    private static final class Piece {
        private final long[] micros = new long[PIECE];
        private final byte[] events = new byte[PIECE];
        private final int[] subjects = new int[PIECE];
        private final int[] objects = new int[PIECE];
    }

    int size() {
        return size;
    }

    void add(long micros, Event event, int subject, int object) {
        checkOpen();
        int within = size & WITHIN;
        if (within == 0) {
            pieces.add(new Piece());
        }
        Piece piece = pieces.getLast();
        piece.micros[within] = micros;
        piece.events[within] = (byte) event.ordinal();
        piece.subjects[within] = subject;
        piece.objects[within] = object;
        size++;
    }

    void event(int at, Event event) {
        checkOpen();
        piece(at).events[at & WITHIN] = (byte) event.ordinal();
    }

    /** These, which do not change any more. */
    EventColumns close() {
        checkOpen();
        closed = true;
        return this;
    }

    long micros(int at) {
        return piece(at).micros[at & WITHIN];
    }

    Event event(int at) {
        return EVENTS[piece(at).events[at & WITHIN]];
    }

    int subject(int at) {
        return piece(at).subjects[at & WITHIN];
    }

    int object(int at) {
        return piece(at).objects[at & WITHIN];
    }

    private Piece piece(int at) {
        if (at < 0 || at >= size) {
            throw new IndexOutOfBoundsException("event %d of %d".formatted(at, size));
        }
        return pieces.get(at >> SHIFT);
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the trace is built: nothing can be added any more");
        }
    }
}
