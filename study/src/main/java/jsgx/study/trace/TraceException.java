package jsgx.study.trace;

/** A recorded workload that cannot be read: {@code trace.jsonl:12:8: expected …, found …}. Nothing of it was taken. */
public final class TraceException extends Exception {

    private static final long serialVersionUID = 1L;

    TraceException(String place, String message) {
        super(place + ": " + message);
    }
}
