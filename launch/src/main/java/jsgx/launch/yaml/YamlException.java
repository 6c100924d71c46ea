package jsgx.launch.yaml;

/** A file that is no text. */
public final class YamlException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient YamlError error;

    YamlException(YamlError error) {
        super(error.toString());
        this.error = error;
    }

    /** What is wrong, and where. */
    public YamlError error() {
        return error;
    }
}
