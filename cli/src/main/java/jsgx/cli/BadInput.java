package jsgx.cli;

/** Wrong usage or input: one line that says what was wrong, where, what was expected and what to do. */
final class BadInput extends Exception {

    private static final long serialVersionUID = 1;

    BadInput(String message) {
        super(message);
    }
}
