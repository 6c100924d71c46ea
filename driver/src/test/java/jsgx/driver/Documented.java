package jsgx.driver;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The errnos that the documentation of a call lists. */
final class Documented {

    private static final Pattern ITEM = Pattern.compile("<li>-(E[A-Z0-9]+)");

    private Documented() {}

    static Set<String> errnos(Class<?> call) {
        Path source = Path.of("src/main/java", call.getName().replace('.', '/') + ".java");
        String text;
        try {
            text = Files.readString(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String documentation = text.substring(text.indexOf("/**"), text.indexOf("*/"));
        Matcher matcher = ITEM.matcher(documentation);
        return matcher.results().map(result -> result.group(1)).collect(Collectors.toCollection(TreeSet::new));
    }

    /** The errnos of rules; results that are no errno are left out. */
    static Set<String> errnos(Iterable<? extends Refusal.Cause> causes) {
        Set<String> names = new TreeSet<>();
        for (Refusal.Cause cause : causes) {
            Errno.of(cause.result()).ifPresent(errno -> names.add(errno.name()));
        }
        return names;
    }
}
