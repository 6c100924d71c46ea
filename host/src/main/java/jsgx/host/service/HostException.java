package jsgx.host.service;

/** A host cannot do what it is asked: the message says what was wrong, where, what was expected and what to do. */
public final class HostException extends Exception {

    private static final long serialVersionUID = 1L;

    public HostException(String message) {
        super(message);
    }

    public HostException(String message, Throwable cause) {
        super(message, cause);
    }
}
