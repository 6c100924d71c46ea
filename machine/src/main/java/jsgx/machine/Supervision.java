package jsgx.machine;

/** How a program is supervised. */
public enum Supervision {
    /** A stub in the program serves what it can; nobody traces it but while it starts. */
    FAST,
    /** A tracer stops the program at each event: simple, and the oracle for the other. */
    TRACED
}
