package jsgx.host.log;

/**
 * A value of a log message that has a name of its own; passed to {@link System.Logger} as a parameter of the message.
 *
 * <pre>{@code LOG.log(Level.INFO, "listens", Field.of("socket", path)); }</pre>
 *
 * @param name in lower case, with dashes
 * @param value what it is; never a secret
 */
public record Field(String name, String value) {

    /** A field of a value as a text. */
    public static Field of(String name, Object value) {
        return new Field(name, value.toString());
    }

    @Override
    public String toString() {
        return name + "=" + value;
    }
}
