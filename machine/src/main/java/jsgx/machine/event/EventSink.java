package jsgx.machine.event;

/**
 * Where the events of a run go. Called by several threads at once, on the thread that served what happened; it may wait for whoever
 * reads a trace, and calls back into nothing of the run.
 */
public interface EventSink {

    /** Nobody looks. */
    EventSink NONE = new EventSink() {
        @Override
        public void event(SgxEvent event) {}

        @Override
        public boolean wants(SgxEvent.Kind kind) {
            return false;
        }
    };

    void event(SgxEvent event);

    /** Whether anybody looks at such events: others need not be made. It does not change during a run. */
    default boolean wants(SgxEvent.Kind kind) {
        return true;
    }

    /**
     * Whether such events are wanted one by one. Where they are not, counts do ({@link SgxEvent.Unasked}), so that what needs no supervision is left
     * alone.
     */
    default boolean inDetail(SgxEvent.Kind kind) {
        return wants(kind);
    }
}
