package jsgx.host.config;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.StateFolder;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import jsgx.launch.yaml.YamlError;
import org.jspecify.annotations.Nullable;

/**
 * Where a host's set-up comes from: the command line, else the environment, else the configuration file, else what holds by default. It is
 * read again at a reload.
 *
 * @param file the configuration file; null for {@link #defaultFile}, where that is there
 * @param environment the environment variables
 * @param options what the command line says
 * @param root whether root runs the host
 */
public record Configuration(
        @Nullable Path file, Map<String, String> environment, Map<Setting, String> options, boolean root) {

    public Configuration {
        environment = Map.copyOf(environment);
        options = Map.copyOf(options);
    }

    /** The file that is read where none is named: {@code /etc/jsgx/jsgx.yaml} for root, else {@code $XDG_CONFIG_HOME/jsgx/jsgx.yaml}. */
    public static Optional<Path> defaultFile(Map<String, String> environment, boolean root) {
        if (root) {
            return Optional.of(Path.of("/etc/jsgx/jsgx.yaml"));
        }
        String configured = environment.getOrDefault("XDG_CONFIG_HOME", "");
        String home = environment.getOrDefault("HOME", "");
        // The XDG base directory specification: a relative path is to be ignored.
        if (!configured.isEmpty() && Path.of(configured).isAbsolute()) {
            return Optional.of(Path.of(configured, "jsgx", "jsgx.yaml"));
        }
        return home.isEmpty()
                ? Optional.empty()
                : Optional.of(Path.of(home, ".config", "jsgx", "jsgx.yaml").toAbsolutePath());
    }

    /** The file that is read now; empty where there is none. */
    public Optional<Path> usedFile() {
        return file != null ? Optional.of(file) : defaultFile(environment, root).filter(Files::exists);
    }

    /**
     * Reads all of it.
     *
     * @throws ConfigurationException with everything that is wrong with it
     */
    public HostOptions load() throws ConfigurationException {
        Optional<Path> used = usedFile();
        ConfigurationFile found = used.isPresent() ? ConfigurationFile.load(used.get()) : ConfigurationFile.empty();
        List<YamlError> errors = new ArrayList<>();
        Map<Setting, Object> values = new EnumMap<>(Setting.class);
        for (Setting setting : Setting.values()) {
            String variable = variable(setting);
            String option = options.get(setting);
            if (option != null) {
                put(values, setting, option, setting.option(), errors);
            } else if (!variable.isEmpty()) {
                put(values, setting, absolute(setting, variable), setting.variable() + " in the environment", errors);
            } else if (found.settings().containsKey(setting)) {
                put(values, setting, found.settings().get(setting), setting.key(), errors);
            }
        }
        if (errors.isEmpty()) {
            Values all = new Values(values, defaults(values, errors));
            if (errors.isEmpty()) {
                return all.options(found);
            }
        }
        throw new ConfigurationException(errors);
    }

    /** What the environment says of a setting; empty where it says nothing. */
    private String variable(Setting setting) {
        String text = environment.getOrDefault(setting.variable(), "");
        // To clients that says to do without a daemon.
        return setting == Setting.RUN_FOLDER && text.equals(Kind.NONE) ? "" : text;
    }

    /** Folders of the environment may be relative, as the other commands take them. */
    private static String absolute(Setting setting, String text) {
        return setting.kind() == Kind.FOLDER ? Path.of(text).toAbsolutePath().toString() : text;
    }

    private static void put(
            Map<Setting, Object> values, Setting setting, @Nullable String text, String where, List<YamlError> errors) {
        Optional<?> value = setting.kind().read(String.valueOf(text));
        if (value.isPresent()) {
            values.put(setting, value.get());
        } else {
            Kind kind = setting.kind();
            errors.add(YamlError.of(
                    where, "expected %s, found \"%s\"".formatted(kind.expected(), kind.told(String.valueOf(text)))));
        }
    }

    private HostOptions defaults(Map<Setting, Object> values, List<YamlError> errors) {
        Path state = (Path) values.get(Setting.STATE);
        try {
            Path folder = state == null ? StateFolder.path(environment) : state;
            Path run = (Path) values.get(Setting.RUN_FOLDER);
            return HostOptions.at(folder, run == null ? RunFolder.path(environment, folder, root) : run, root);
        } catch (LaunchException e) {
            errors.add(YamlError.of(Setting.STATE.option(), String.valueOf(e.getMessage())));
            return HostOptions.at(Path.of("/"), Path.of("/"), root);
        }
    }

    /** What was set, and what holds where nothing was. */
    private record Values(Map<Setting, Object> values, HostOptions defaults) {

        HostOptions options(ConfigurationFile found) {
            HostOptions.Cache cache = defaults.cache();
            HostOptions.Fleet fleet = defaults.fleet();
            return new HostOptions(
                    defaults.state(),
                    defaults.runFolder(),
                    aesm(defaults.aesm()),
                    new HostOptions.Admin(text(Setting.ADMIN_GROUP, "")),
                    get(Setting.CONSOLE_LISTEN, InetSocketAddress.class, defaults.console()),
                    get(Setting.METRICS_LISTEN, InetSocketAddress.class, defaults.metrics()),
                    of(Setting.PLACEMENT, Placement.class, defaults.placement()),
                    new HostOptions.Cache(
                            of(Setting.CACHE_MAX_BYTES, Long.class, cache.maxBytes()),
                            limit(Setting.CACHE_MAX_ENTRIES, cache.maxEntries()),
                            of(Setting.CACHE_SCHEME, Scheme.class, cache.scheme())),
                    of(Setting.EPC, Long.class, defaults.epc()),
                    of(Setting.MAX_RECLAIMED, Long.class, defaults.maxReclaimed()),
                    of(Setting.AUDIT_DURABILITY, Durability.class, defaults.durability()),
                    found.cgroups().orElse(defaults.cgroups()),
                    found.grants().orElse(defaults.grants()),
                    new HostOptions.Fleet(
                            get(Setting.FLEET_ENGINE, URI.class, fleet.engine()),
                            get(Setting.FLEET_PASSWORD_FILE, Path.class, fleet.passwordFile()),
                            text(Setting.FLEET_NAMESPACE, fleet.namespace()),
                            of(Setting.FLEET_LEASE, Duration.class, fleet.lease()),
                            text(Setting.FLEET_PARTITION, "refuse").equals("continue")),
                    new HostOptions.Log(
                            text(Setting.LOG_FORMAT, "text").equals("json"),
                            of(
                                    Setting.LOG_LEVEL,
                                    System.Logger.Level.class,
                                    defaults.log().level())),
                    sessions(defaults.sessions()));
        }

        private HostOptions.Sessions sessions(HostOptions.Sessions otherwise) {
            return new HostOptions.Sessions(
                    number(Setting.SESSIONS_PER_UID, otherwise.perUid()),
                    number(Setting.SESSIONS_TOTAL, otherwise.total()),
                    number(Setting.SESSIONS_FILES, otherwise.files()),
                    number(Setting.SESSIONS_PROCESSES, otherwise.processes()),
                    number(Setting.SESSIONS_THREADS, otherwise.threads()),
                    of(Setting.SESSIONS_LAUNCH_MEMORY, Long.class, otherwise.launchMemory()));
        }

        private HostOptions.Aesm aesm(HostOptions.Aesm otherwise) {
            return new HostOptions.Aesm(
                    get(Setting.AESM_SOCKET, Path.class, otherwise.socket()),
                    get(Setting.AESM_WHITE_LIST, Path.class, otherwise.whiteList()),
                    number(Setting.AESM_QUEUE, otherwise.queue()),
                    of(Setting.AESM_TIMEOUT, Duration.class, otherwise.timeout()));
        }

        /** The value of a setting that may be none: null then. */
        private <T> @Nullable T get(Setting setting, Class<T> type, @Nullable T otherwise) {
            Object value = values.get(setting);
            if (value == null) {
                return otherwise;
            }
            return value.equals(Kind.NONE) ? null : type.cast(value);
        }

        private <T> T of(Setting setting, Class<T> type, T otherwise) {
            Object value = values.get(setting);
            return value == null ? otherwise : type.cast(value);
        }

        private String text(Setting setting, String otherwise) {
            Object value = values.get(setting);
            return value == null ? otherwise : value.equals(Kind.NONE) ? "" : value.toString();
        }

        private long limit(Setting setting, long otherwise) {
            Object value = values.get(setting);
            return value == null ? otherwise : value.equals(Kind.NONE) ? CacheLimits.UNLIMITED : (long) value;
        }

        private int number(Setting setting, int otherwise) {
            return Math.toIntExact(of(setting, Long.class, (long) otherwise));
        }
    }
}
