package jsgx.study.run;

/** A study that cannot be run, merged or read as asked: one line that says what was wrong, where, what was expected and what to do. */
public final class StudyException extends Exception {

    private static final long serialVersionUID = 1;

    public StudyException(String message) {
        super(message);
    }
}
