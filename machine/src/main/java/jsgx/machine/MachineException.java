package jsgx.machine;

/** A run that did not come about, or that jsgx could not go on with. */
public final class MachineException extends Exception {

    private static final long serialVersionUID = 1L;

    /** What went wrong, with the exit status that env(1) and its like give for it. */
    public enum Kind {
        /** jsgx itself failed. */
        FAILED(125),
        /** The program cannot be executed, or ptrace is not permitted. */
        NOT_PERMITTED(126),
        /** There is no such program. */
        NOT_FOUND(127);

        private final int exitStatus;

        Kind(int exitStatus) {
            this.exitStatus = exitStatus;
        }

        public int exitStatus() {
            return exitStatus;
        }
    }

    private final Kind kind;

    /**
     * A failure.
     *
     * @param message what was wrong, where, and what to do, in one line
     */
    public MachineException(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
