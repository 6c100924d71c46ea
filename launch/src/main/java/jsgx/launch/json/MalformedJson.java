package jsgx.launch.json;

/** A text that is no JSON object, or one that nobody should read; the message says what is wrong, in one line. */
public final class MalformedJson extends Exception {

    private static final long serialVersionUID = 1;

    MalformedJson(String message) {
        super(message);
    }
}
