package jsgx.machine.task;

/** What becomes of a thread that an exception stopped. */
public sealed interface FaultAnswer {

    /** It goes on with its registers as they are now; no signal. */
    record Resume() implements FaultAnswer {}

    /** It gets a signal, this one, with its registers as they are now. */
    record Deliver(SignalInfo signal) implements FaultAnswer {}
}
