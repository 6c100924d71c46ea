package jsgx.launch.yaml;

/**
 * Something wrong in a file.
 *
 * @param file the file's name
 * @param line counted from 1; 0 where it concerns the whole file
 * @param column counted from 1, in characters; 0 where it concerns the whole line
 * @param message one line: what was wrong, expected and found
 * @param snippet the line with a caret beneath the place; empty where there is none
 */
public record YamlError(String file, int line, int column, String message, String snippet) {

    /** An error of a whole file. */
    public static YamlError of(String file, String message) {
        return new YamlError(file, 0, 0, message, "");
    }

    /** The place and the message: {@code policy.yaml:14:9: …}. */
    @Override
    public String toString() {
        return place() + ": " + message;
    }

    /** {@code policy.yaml:14:9}. */
    public String place() {
        if (line == 0) {
            return file;
        }
        return column == 0 ? file + ":" + line : file + ":" + line + ":" + column;
    }
}
