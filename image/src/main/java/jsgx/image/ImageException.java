package jsgx.image;

import org.jspecify.annotations.Nullable;

/** A file, a key or a request that cannot be used: one line that says what was wrong, where, what was expected and what was found. */
public final class ImageException extends Exception {
    private static final long serialVersionUID = 1;

    /** The value of {@link #offset} of a failure that has no place in a file. */
    public static final long NO_OFFSET = -1;

    private final long offset;
    private final String what;
    private final String expected;
    private final String found;

    private ImageException(
            @Nullable String file, String what, long offset, String expected, String found, @Nullable Throwable cause) {
        super(line(file, what, offset, expected, found), cause);
        this.offset = offset;
        this.what = what;
        this.expected = expected;
        this.found = found;
    }

    /** A failure at a byte of a file. */
    public static ImageException at(long offset, String what, String expected, String found) {
        return new ImageException(null, what, offset, expected, found, null);
    }

    /** A failure that has no place in a file. */
    public static ImageException of(String what, String expected, String found) {
        return new ImageException(null, what, NO_OFFSET, expected, found, null);
    }

    /** The same failure, in a file of this name. */
    public ImageException in(String file) {
        return new ImageException(file, what, offset, expected, found, this);
    }

    /** Which byte of the file, {@link #NO_OFFSET} where there is none. */
    public long offset() {
        return offset;
    }

    /** What is wrong. */
    public String what() {
        return what;
    }

    /** What would have been right. */
    public String expected() {
        return expected;
    }

    /** What was there instead. */
    public String found() {
        return found;
    }

    private static String line(@Nullable String file, String what, long offset, String expected, String found) {
        StringBuilder line = new StringBuilder();
        if (file != null) {
            line.append(file).append(": ");
        }
        line.append(what);
        if (offset != NO_OFFSET) {
            line.append(" at offset 0x").append(Long.toHexString(offset));
        }
        return line.append(": expected ")
                .append(expected)
                .append(", found ")
                .append(found)
                .toString();
    }
}
