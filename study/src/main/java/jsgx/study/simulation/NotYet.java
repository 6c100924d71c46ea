package jsgx.study.simulation;

/** What a cache hears that asks for a token: it will come, but not at this moment of virtual time. */
final class NotYet extends Exception {

    private static final long serialVersionUID = 1L;

    NotYet() {
        super(null, null, false, false);
    }
}
