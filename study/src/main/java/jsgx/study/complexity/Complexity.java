package jsgx.study.complexity;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import jsgx.launch.governor.Placement;

/**
 * How complex a placement is, counted by the build in the code of {@code launch}.
 *
 * @param alone of the files that it alone needs: those for its sake, and what nothing else reaches when they are gone
 * @param uses of the former, and of all that its cache and its store use though others use it too
 * @param files the source files that it alone needs, by their paths
 */
public record Complexity(Placement placement, Count alone, Count uses, List<String> files) {

    /**
     * Counts of some source files.
     *
     * @param files how many
     * @param lines lines of code: without comments, blank lines, imports and package declarations
     * @param locks fields that are locks, and synchronized methods and blocks
     * @param shared fields that threads share without a lock: volatile and atomic ones, concurrent maps and adders
     * @param settings what a user or an operator can say of it: options of its commands, and settings of its part of the daemon's configuration
     * @param failureModes distinct failures that it can give: exceptions with their texts, and reasons that it gives in words
     * @param libraries packages of libraries that they name
     */
    public record Count(int files, int lines, int locks, int shared, int settings, int failureModes, int libraries) {

        static final List<String> NAMES =
                List.of("files", "lines", "locks", "shared", "settings", "failureModes", "libraries");

        List<Integer> numbers() {
            return List.of(files, lines, locks, shared, settings, failureModes, libraries);
        }
    }

    static final String RESOURCE = "complexity.properties";

    public Complexity {
        files = List.copyOf(files);
    }

    /** Lines of code that it alone needs. */
    public int lines() {
        return alone.lines();
    }

    /** Locks that it alone needs. */
    public int locks() {
        return alone.locks();
    }

    /** Settings that it alone has. */
    public int settings() {
        return alone.settings();
    }

    /** Failures that it alone can give. */
    public int failureModes() {
        return alone.failureModes();
    }

    /** Each placement's, as of the build. */
    public static List<Complexity> all() {
        Properties counted = new Properties();
        try (InputStream in = Complexity.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException(
                        "the build left no " + RESOURCE + " in module study: build it with Maven");
            }
            counted.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Arrays.stream(Placement.values())
                .map(placement -> of(placement, counted))
                .toList();
    }

    private static Complexity of(Placement placement, Properties counted) {
        String files = counted.getProperty(placement.id() + ".files", "");
        return new Complexity(
                placement,
                count(counted, placement.id() + ".alone."),
                count(counted, placement.id() + ".uses."),
                files.isEmpty() ? List.of() : List.of(files.split(",")));
    }

    private static Count count(Properties counted, String prefix) {
        int[] n = Count.NAMES.stream()
                .mapToInt(name -> Integer.parseInt(counted.getProperty(prefix + name)))
                .toArray();
        return new Count(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    }
}
