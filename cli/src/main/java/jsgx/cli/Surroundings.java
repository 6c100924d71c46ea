package jsgx.cli;

import java.io.PrintStream;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Map;

/**
 * What a command touches of the world around it, so that a test can give it another.
 *
 * @param out standard output
 * @param err standard error
 * @param environment the environment variables
 * @param directory what relative file names are relative to
 * @param root the root of the machine that {@code doctor} looks at
 * @param terminal whether a person looks at {@code out}
 * @param clock the day of signing
 */
public record Surroundings(
        PrintStream out,
        PrintStream err,
        Map<String, String> environment,
        Path directory,
        Path root,
        boolean terminal,
        InstantSource clock) {

    /** The file that a user named. */
    Path file(String name) throws BadInput {
        try {
            return directory.resolve(name);
        } catch (InvalidPathException e) {
            throw new BadInput("\"" + Text.printable(name) + "\" is no file name: " + e.getReason());
        }
    }

    /** Whether to use colour where no option says. */
    boolean likesColour() {
        // https://no-color.org: any value that is not empty.
        return terminal && variable("NO_COLOR").isEmpty() && !variable("TERM").equals("dumb");
    }

    /** The value of an environment variable, empty where it is not set. */
    String variable(String name) {
        return environment.getOrDefault(name, "");
    }
}
