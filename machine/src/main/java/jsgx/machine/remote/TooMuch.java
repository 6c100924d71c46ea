package jsgx.machine.remote;

/** A front end's user has as much as one user may have: the session that asks for more ends, with the reason. */
final class TooMuch extends RuntimeException {

    private static final long serialVersionUID = 1L;

    TooMuch(String why) {
        super(why);
    }
}
