package jsgx.machine.linux;

/** A program that did not begin. */
public final class StartException extends Exception {

    private static final long serialVersionUID = 1L;

    /** What could not be done. */
    public enum Kind {
        /** ptrace(2) of the new process. */
        TRACE,
        /** execve(2). */
        EXECUTE,
        /** What a supervised process needs of the kernel: seccomp filters, memory files, /proc. */
        PREPARE
    }

    private final Kind kind;
    private final int errno;

    public StartException(Kind kind, LinuxException cause) {
        super(cause.getMessage(), cause);
        this.kind = kind;
        this.errno = cause.errno();
    }

    public StartException(int errnoOfExecute) {
        super(Linux.errorText(errnoOfExecute));
        this.kind = Kind.EXECUTE;
        this.errno = errnoOfExecute;
    }

    public Kind kind() {
        return kind;
    }

    /** Why, a positive number. */
    public int errno() {
        return errno;
    }
}
