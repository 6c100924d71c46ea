package jsgx.study.calibration;

/** Costs that cannot be used. The message is one line: what was wrong, where, what was expected, what was found and what to do. */
public final class CostsException extends Exception {

    private static final long serialVersionUID = 1L;

    CostsException(String message) {
        super(message);
    }

    CostsException(String message, Throwable cause) {
        super(message, cause);
    }
}
