package jsgx.study.complexity;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Properties;
import jsgx.launch.governor.Placement;
import jsgx.study.complexity.Placements.Counted;

/**
 * How complex a placement is, counted by the build in the code of {@code launch}.
 *
 * @param variant what is counted of it: empty for all of it, {@code one scheme} for a kernel's cache without a choice of schemes
 * @param alone of the files that it alone needs: those for its sake, and what nothing else reaches when they are gone
 * @param uses of the former, and of all that its cache and its store use though others use it too
 * @param uncharged of files in which something is there for it beside what is there for all, and which are in neither count: the most that those leave out
 * @param files the source files that it alone needs, by their paths
 * @param shared those that it uses and others use too
 */
public record Complexity(
        Placement placement,
        String variant,
        Count alone,
        Count uses,
        Count uncharged,
        List<String> files,
        List<Shared> shared) {

    /**
     * A source file that a placement uses and others use too.
     *
     * @param file its path
     * @param lines lines of code
     * @param with the folders of those who name it themselves; none where it is named by another shared file alone
     */
    public record Shared(String file, int lines, List<String> with) {

        static Shared of(String text) {
            String[] parts = text.split(":", -1);
            return new Shared(
                    parts[0],
                    Integer.parseInt(parts[1]),
                    parts[2].isEmpty() ? List.of() : List.of(parts[2].split("\\+")));
        }
    }

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
        shared = List.copyOf(shared);
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

    /** Its name for people. */
    public String name() {
        return variant.isEmpty() ? placement.id() : placement.id() + " with " + variant;
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
        return Placements.all().stream().map(each -> of(each, counted)).toList();
    }

    private static Complexity of(Counted each, Properties counted) {
        String key = each.key();
        return new Complexity(
                each.placement(),
                each.name(),
                count(counted, key + ".alone."),
                count(counted, key + ".uses."),
                count(counted, key + ".uncharged."),
                list(counted.getProperty(key + ".files", "")),
                list(counted.getProperty(key + ".shared", "")).stream()
                        .map(Shared::of)
                        .toList());
    }

    private static List<String> list(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(","));
    }

    private static Count count(Properties counted, String prefix) {
        int[] n = Count.NAMES.stream()
                .mapToInt(name -> Integer.parseInt(counted.getProperty(prefix + name)))
                .toArray();
        return new Count(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
    }
}
