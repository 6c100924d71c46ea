package jsgx.host.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import jsgx.launch.file.FileReader;
import jsgx.launch.yaml.Fields;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlError;
import jsgx.launch.yaml.YamlException;
import jsgx.launch.yaml.YamlNode;
import jsgx.launch.yaml.YamlReader;

/**
 * The configuration file of a host, as docs/serve.md describes it.
 *
 * @param settings the texts of the settings that it has
 * @param cgroups the prefixes under {@code workloads.cgroups}
 * @param grants the grants
 */
record ConfigurationFile(
        Map<Setting, String> settings, Optional<List<String>> cgroups, Optional<List<HostOptions.Grant>> grants) {

    private static final int MAX_SIZE = 1 << 20;
    private static final int WRITABLE_BY_OTHERS = 022;
    private static final int PERMISSIONS = 0777;
    private static final int MOST_ENTRIES = 10_000;
    private static final String CGROUPS = "workloads.cgroups";
    private static final String GRANTS = "grants";

    /** A file that says nothing. */
    static ConfigurationFile empty() {
        return new ConfigurationFile(Map.of(), Optional.empty(), Optional.empty());
    }

    /** Reads a file. */
    static ConfigurationFile load(Path file) throws ConfigurationException {
        String name = file.toString();
        try {
            checkOwner(file);
            byte[] content =
                    new FileReader(InstantSource.system()).read(file, MAX_SIZE).bytes();
            return parse(name, YamlReader.text(name, content));
        } catch (IOException e) {
            throw new ConfigurationException(List.of(YamlError.of(name, "cannot be read: " + FileReader.reason(e))));
        } catch (YamlException e) {
            throw new ConfigurationException(List.of(e.error()));
        }
    }

    /** What a file's text says. */
    static ConfigurationFile parse(String name, String text) throws ConfigurationException {
        if (text.lines().map(String::strip).allMatch(line -> line.isEmpty() || line.startsWith("#"))) {
            return empty();
        }
        Problems problems = new Problems(name, text);
        Reader reader = new Reader(problems);
        YamlReader.read(text, problems).ifPresent(root -> reader.read(root, ""));
        if (problems.any()) {
            throw new ConfigurationException(problems.errors());
        }
        return new ConfigurationFile(reader.settings, reader.cgroups, reader.grants);
    }

    /** Whoever may write the file decides who may launch. */
    private static void checkOwner(Path file) throws IOException, ConfigurationException {
        int own = number(Path.of("/proc/self"), "unix:uid");
        int owner = number(file, "unix:uid");
        int mode = number(file, "unix:mode") & PERMISSIONS;
        String message = "";
        if (owner != 0 && owner != own) {
            message = "it belongs to uid %d: expected uid %d or root".formatted(owner, own);
        } else if ((mode & WRITABLE_BY_OTHERS) != 0) {
            message = "others may write it (mode %03o): run  chmod go-w %s".formatted(mode, file);
        }
        if (!message.isEmpty()) {
            throw new ConfigurationException(List.of(YamlError.of(file.toString(), message)));
        }
    }

    private static int number(Path path, String attribute) throws IOException {
        return ((Number) Objects.requireNonNull(Files.getAttribute(path, attribute))).intValue();
    }

    /** Reads the keys of a file. */
    private static final class Reader {

        private final Problems problems;
        private final Map<Setting, String> settings = new EnumMap<>(Setting.class);
        private Optional<List<String>> cgroups = Optional.empty();
        private Optional<List<HostOptions.Grant>> grants = Optional.empty();

        Reader(Problems problems) {
            this.problems = problems;
        }

        /** The keys of the file, or under a key, whose name and a dot are the prefix. */
        void read(YamlNode.Mapping mapping, String prefix) {
            Fields.of(mapping, keys(prefix), problems);
            for (YamlNode.Entry entry : mapping.entries().values()) {
                String key = prefix + entry.key().value();
                Optional<Setting> setting = Setting.of(key);
                if (setting.isPresent()) {
                    value(setting.get(), entry.value());
                } else if (key.equals(CGROUPS)) {
                    cgroups = Optional.of(cgroups(entry.value()));
                } else if (key.equals(GRANTS)) {
                    grants = Optional.of(grants(entry.value()));
                } else if (!keys(key + ".").isEmpty()) {
                    section(entry.value(), key + ".");
                }
            }
        }

        private void section(YamlNode node, String prefix) {
            if (node instanceof YamlNode.Mapping mapping) {
                read(mapping, prefix);
            } else {
                problems.add(
                        node,
                        "expected keys with values (%s), found %s"
                                .formatted(String.join(", ", keys(prefix)), node.kind()));
            }
        }

        /** The words that may follow a prefix. */
        private static Set<String> keys(String prefix) {
            Set<String> keys = new TreeSet<>();
            for (String key : allKeys()) {
                if (key.startsWith(prefix)) {
                    keys.add(key.substring(prefix.length()).split("\\.", 2)[0]);
                }
            }
            return keys;
        }

        private static List<String> allKeys() {
            List<String> keys = new ArrayList<>(List.of(CGROUPS, GRANTS));
            EnumSet.allOf(Setting.class).forEach(setting -> keys.add(setting.key()));
            return keys;
        }

        private void value(Setting setting, YamlNode node) {
            Kind kind = setting.kind();
            Fields.scalar(node, kind.expected(), problems).ifPresent(scalar -> {
                if (kind.read(scalar.value()).isEmpty()) {
                    String told = kind.told(scalar.value());
                    if (told.equals(scalar.value())) {
                        problems.add(scalar, "expected %s, found %s".formatted(kind.expected(), scalar.kind()));
                    } else {
                        // Without the line, which has the password too.
                        problems.addAll(List.of(new YamlError(
                                problems.file(),
                                scalar.line(),
                                scalar.column(),
                                "expected %s, found \"%s\"".formatted(kind.expected(), told),
                                "")));
                    }
                }
                settings.put(setting, scalar.value());
            });
        }

        private List<String> cgroups(YamlNode node) {
            String expected = "the path of a cgroup such as /system.slice";
            List<String> prefixes = new ArrayList<>();
            for (YamlNode item : items(node, "a list of cgroups")) {
                Fields.scalar(item, expected, problems).ifPresent(scalar -> {
                    if (!scalar.value().matches("(/[^/\\p{Cntrl}]+)+")
                            || scalar.value().matches(".*/\\.\\.?(/.*)?")) {
                        problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                    } else if (prefixes.contains(scalar.value())) {
                        problems.add(scalar, scalar.kind() + " stands here a second time");
                    }
                    prefixes.add(scalar.value());
                });
            }
            return prefixes;
        }

        private List<HostOptions.Grant> grants(YamlNode node) {
            List<HostOptions.Grant> all = new ArrayList<>();
            Set<Integer> users = new HashSet<>();
            for (YamlNode item : items(node, "a list of grants, each with uid and may")) {
                Fields.of(item, Set.of("uid", "may"), problems).ifPresent(fields -> {
                    Optional<Integer> uid =
                            fields.required("uid", "the number of a user").flatMap(this::uid);
                    Set<HostOptions.Right> rights = fields.required("may", "a list of rights")
                            .map(this::rights)
                            .orElse(Set.of());
                    uid.ifPresent(user -> {
                        if (!users.add(user)) {
                            problems.add(item, "uid %d stands here a second time".formatted(user));
                        }
                        all.add(new HostOptions.Grant(user, rights));
                    });
                });
            }
            return all;
        }

        private Optional<Integer> uid(YamlNode node) {
            String expected = "the number of a user";
            return Fields.scalar(node, expected, problems).flatMap(scalar -> {
                if (!scalar.value().matches("0|[1-9][0-9]{0,8}")) {
                    problems.add(scalar, "expected %s, found %s".formatted(expected, scalar.kind()));
                    return Optional.empty();
                }
                return Optional.of(Integer.valueOf(scalar.value()));
            });
        }

        private Set<HostOptions.Right> rights(YamlNode node) {
            Set<HostOptions.Right> rights = EnumSet.noneOf(HostOptions.Right.class);
            String expected = "policy, placement or workload";
            for (YamlNode item : items(node, "a list of rights: " + expected)) {
                Fields.scalar(item, expected, problems).ifPresent(scalar -> {
                    try {
                        if (!scalar.value().equals(scalar.value().toLowerCase(Locale.ROOT))
                                || !rights.add(
                                        HostOptions.Right.valueOf(scalar.value().toUpperCase(Locale.ROOT)))) {
                            throw new IllegalArgumentException(scalar.value());
                        }
                    } catch (IllegalArgumentException e) {
                        problems.add(scalar, "expected %s, each once, found %s".formatted(expected, scalar.kind()));
                    }
                });
            }
            return rights;
        }

        private List<YamlNode> items(YamlNode node, String expected) {
            if (!(node instanceof YamlNode.Sequence sequence)) {
                problems.add(node, "expected %s, found %s".formatted(expected, node.kind()));
                return List.of();
            }
            if (sequence.items().size() > MOST_ENTRIES) {
                problems.add(
                        node,
                        "expected at most %d entries, found %d"
                                .formatted(MOST_ENTRIES, sequence.items().size()));
                return List.of();
            }
            return sequence.items();
        }
    }
}
