package jsgx.cli;

/** What the command's exit status says. */
public final class ExitStatus {

    /** Done. */
    public static final int DONE = 0;

    /** Refused or not valid: an answer, not a failure. */
    public static final int REFUSED = 1;

    /** Wrong usage or input. */
    public static final int WRONG_USAGE = 2;

    /** A fault of jsgx itself. */
    public static final int INTERNAL_FAULT = 3;

    /**
     * {@code jsgx run} itself failed, by wrong usage or otherwise: every other number up to 127 is the program's, as with env(1).
     */
    public static final int RUN_FAILED = 125;

    private ExitStatus() {}
}
