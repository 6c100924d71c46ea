package jsgx.study.complexity;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jsgx.study.complexity.Complexity.Count;
import jsgx.study.complexity.Placements.Counted;
import jsgx.study.complexity.Placements.Roots;

/** Counts how complex each placement is, as a step of the build: from class files and sources into a resource. */
public final class CountComplexity {

    private static final String CLASS = ".class";

    /** Packages that are no library's: jsgx's, the JDK's, and annotations that nothing of is left at run time. */
    private static final List<String> OURS = List.of("jsgx/", "java/", "javax/", "jdk/", "org/jspecify/");

    private static final Pattern OPTION = Pattern.compile("names\\s*=\\s*\"(-[^\"]+)\"");
    private static final Pattern PARAMETER =
            Pattern.compile("@Parameters\\((?:[^)\"]|\"[^\"]*\")*paramLabel\\s*=\\s*\"([^\"]+)\"");
    private static final Pattern SETTING = Pattern.compile("\\(\"([a-z-]+(?:\\.[a-z-]+)*)\"");

    private final Map<String, List<ClassFacts>> files;
    private final Path sources;
    private final Path commands;
    private final Path configuration;
    private final Closure closure;

    private CountComplexity(Path classes, Path sources, Path commands, Path configuration) throws IOException {
        this.files = files(classes);
        this.sources = sources;
        this.commands = commands;
        this.configuration = configuration;
        Map<String, Set<String>> names = new TreeMap<>();
        files.forEach((file, inside) -> {
            Set<String> named = new TreeSet<>();
            inside.forEach(each -> each.names().forEach(name -> named.add(ClassFacts.outermost(name))));
            names.put(file, named);
        });
        this.closure = new Closure(names);
    }

    /**
     * Counts.
     *
     * @param arguments the folder of launch's classes, that of its sources, that of the cli's commands, the file of the daemon's settings, the file to write
     */
    public static void main(String[] arguments) throws IOException {
        CountComplexity count = new CountComplexity(
                Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), Path.of(arguments[3]));
        StringBuilder lines = new StringBuilder();
        for (Counted counted : Placements.all()) {
            count.write(lines, counted);
        }
        Path out = Path.of(arguments[4]);
        Files.createDirectories(out.toAbsolutePath().getParent());
        Files.writeString(out, lines);
    }

    private void write(StringBuilder lines, Counted counted) throws IOException {
        Set<String> roots = new TreeSet<>();
        Set<String> parts = new TreeSet<>();
        Set<String> settings = new TreeSet<>();
        Set<String> reasons = new TreeSet<>();
        Set<String> uncharged = new TreeSet<>();
        for (Roots part : counted.roots()) {
            roots.addAll(files(part.files()));
            part.packages().forEach(folder -> parts.addAll(filesIn(folder)));
            settings.addAll(settings(part));
            reasons.addAll(part.reasons());
            uncharged.addAll(files(part.uncharged()));
        }
        roots.addAll(parts);
        settings.removeAll(counted.settings());
        Set<String> without = files(List.copyOf(counted.without()));
        Set<String> alone = closure.alone(roots, Placements.ENTRIES);
        if (!without.isEmpty()) {
            // What those files alone need goes with them.
            alone.retainAll(closure.reach(Placements.ENTRIES, without));
            parts.retainAll(alone);
        }
        Set<String> uses = new TreeSet<>(closure.reach(parts, without));
        uses.addAll(alone);
        String key = counted.key();
        write(lines, key + ".alone.", count(alone, settings, reasons));
        write(lines, key + ".uses.", count(uses, settings, reasons));
        write(lines, key + ".uncharged.", count(uncharged, Set.of(), Set.of()));
        lines.append(key).append(".files=").append(String.join(",", alone)).append('\n');
        lines.append(key).append(".shared=");
        String separator = "";
        for (String file : uses) {
            if (!alone.contains(file)) {
                Set<String> with = new TreeSet<>();
                closure.namedBy(file, uses).forEach(naming -> with.add(folder(naming)));
                lines.append(separator)
                        .append(file)
                        .append(':')
                        .append(lines(file))
                        .append(':')
                        .append(String.join("+", with));
                separator = ",";
            }
        }
        lines.append('\n');
    }

    private int lines(String file) throws IOException {
        return SourceLines.count(Files.readString(sources.resolve(file + ".java")));
    }

    private static void write(StringBuilder lines, String prefix, Count count) {
        for (int i = 0; i < Count.NAMES.size(); i++) {
            lines.append(prefix)
                    .append(Count.NAMES.get(i))
                    .append('=')
                    .append(count.numbers().get(i))
                    .append('\n');
        }
    }

    private Set<String> filesIn(String folder) {
        Set<String> within = new TreeSet<>(files.keySet());
        within.removeIf(file -> !file.startsWith(folder + "/") || file.lastIndexOf('/') != folder.length());
        return expected(within, folder);
    }

    private Set<String> files(List<String> named) {
        Set<String> found = new TreeSet<>();
        for (String file : named) {
            found.addAll(expected(files.containsKey(file) ? Set.of(file) : Set.of(), file));
        }
        return found;
    }

    private Count count(Collection<String> of, Set<String> settings, Set<String> reasons) throws IOException {
        int lines = 0;
        int locks = 0;
        int shared = 0;
        Set<String> failures = new HashSet<>();
        Set<String> libraries = new HashSet<>();
        for (String file : of) {
            lines += lines(file);
            for (ClassFacts each : files.getOrDefault(file, List.of())) {
                locks += each.locks();
                shared += each.shared();
                failures.addAll(each.failures());
                each.names().stream()
                        .filter(CountComplexity::isOfLibrary)
                        .map(CountComplexity::folder)
                        .forEach(libraries::add);
                if (reasons.contains(file)) {
                    each.texts().stream().filter(text -> text.contains(" ")).forEach(failures::add);
                }
            }
        }
        return new Count(of.size(), lines, locks, shared, settings.size(), failures.size(), libraries.size());
    }

    private static boolean isOfLibrary(String name) {
        return name.contains("/") && OURS.stream().noneMatch(name::startsWith);
    }

    private static String folder(String name) {
        return name.substring(0, name.lastIndexOf('/'));
    }

    /** The names of what can be set, the same in a command and in the configuration. */
    private Set<String> settings(Roots roots) throws IOException {
        Set<String> names = new TreeSet<>();
        for (String command : roots.commands()) {
            String source = Files.readString(commands.resolve(command + ".java"));
            Set<String> found = new TreeSet<>(matches(OPTION, source));
            found.addAll(matches(PARAMETER, source));
            expected(found, command + "'s options").forEach(name -> {
                if (!Placements.NO_SETTINGS.contains(name)) {
                    names.add(name.replaceFirst("^--", ""));
                }
            });
        }
        if (!roots.configuration().isEmpty()) {
            Set<String> found = matches(SETTING, Files.readString(configuration));
            found.removeIf(name -> !name.startsWith(roots.configuration() + "."));
            expected(found, "settings of the configuration")
                    .forEach(name ->
                            names.add(name.substring(roots.configuration().length() + 1)));
        }
        return names;
    }

    private static Set<String> matches(Pattern pattern, String source) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(source);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    /** What stands in {@link Placements} and is there no more would be counted as nothing: that ends the build. */
    private static Set<String> expected(Set<String> found, String what) {
        if (found.isEmpty()) {
            throw new IllegalStateException(
                    "there is no " + what + " any more: change jsgx.study.complexity.Placements");
        }
        return found;
    }

    private static Map<String, List<ClassFacts>> files(Path classes) throws IOException {
        Map<String, byte[]> bytes = new LinkedHashMap<>();
        try (Stream<Path> all = Files.walk(classes)) {
            for (Path file : all.sorted().toList()) {
                String name = classes.relativize(file).toString().replace('\\', '/');
                if (name.endsWith(CLASS) && !name.endsWith("-info" + CLASS)) {
                    bytes.put(name.substring(0, name.length() - CLASS.length()), Files.readAllBytes(file));
                }
            }
        }
        Exceptions exceptions = new Exceptions(bytes);
        Map<String, List<ClassFacts>> files = new TreeMap<>();
        bytes.forEach((name, content) -> files.computeIfAbsent(ClassFacts.outermost(name), file -> new ArrayList<>())
                .add(ClassFacts.of(content, exceptions::isThrowable)));
        return files;
    }
}
