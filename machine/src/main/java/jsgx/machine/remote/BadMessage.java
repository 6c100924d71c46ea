package jsgx.machine.remote;

/** A message that makes no sense: whoever sent it loses the session. */
final class BadMessage extends RuntimeException {

    private static final long serialVersionUID = 1L;

    BadMessage(String what) {
        super(what);
    }
}
