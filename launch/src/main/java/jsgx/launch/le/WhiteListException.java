package jsgx.launch.le;

/** A white list that a launch enclave does not take: one line that says why, and its code. */
public final class WhiteListException extends Exception {

    private static final long serialVersionUID = 1L;

    private final int code;

    public WhiteListException(int code, String message) {
        super(message);
        this.code = code;
    }

    public WhiteListException(int code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    /** One of the codes of {@link LeAnswer}. */
    public int code() {
        return code;
    }
}
