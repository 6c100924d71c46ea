package jsgx.launch;

/**
 * A platform file, a token file or a request that cannot be used. Its message is one line: what was wrong, where, what was
 * expected, what was found and what to do. Nothing was changed.
 */
public final class LaunchException extends Exception {

    private static final long serialVersionUID = 1L;

    public LaunchException(String message) {
        super(message);
    }

    public LaunchException(String message, Throwable cause) {
        super(message, cause);
    }
}
