package jsgx.machine.event;

/** Where the events of a run go. Called by several threads at once; it must not wait. */
public interface EventSink {

    /** Nobody looks. */
    EventSink NONE = event -> {};

    void event(SgxEvent event);

    /** Whether anybody looks: what is costly to tell need not be told otherwise. */
    default boolean isOn() {
        return true;
    }
}
