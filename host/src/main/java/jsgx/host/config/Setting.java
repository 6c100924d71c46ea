package jsgx.host.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One thing that can be set. It has the same word in the configuration file ({@code aesm.socket}), on the command line
 * ({@code --aesm-socket}) and in the environment ({@code JSGX_AESM_SOCKET}).
 */
public enum Setting {
    STATE("state", Kind.FOLDER, HostOptions::state, "the state folder, 0700: keys, tokens and the audit trail"),
    RUN_FOLDER("run-folder", Kind.FOLDER, HostOptions::runFolder, "where the sockets lie"),
    AESM_SOCKET("aesm.socket", Kind.PATH_OR_NONE, host -> host.aesm().socket(), "the AESM socket, or none"),
    AESM_WHITE_LIST(
            "aesm.white-list",
            Kind.PATH_OR_NONE,
            host -> host.aesm().whiteList(),
            "the white list that AESM answers with"),
    AESM_QUEUE("aesm.queue", Kind.COUNT, host -> host.aesm().queue(), "how many AESM requests may wait"),
    AESM_TIMEOUT("aesm.timeout", Kind.DURATION, host -> host.aesm().timeout(), "how long an AESM request may take"),
    ADMIN_GROUP(
            "admin.group",
            Kind.NAME_OR_NONE,
            host -> host.admin().group(),
            "the group whose members may use the admin socket"),
    CONSOLE_LISTEN("console.listen", Kind.LOOPBACK_OR_NONE, HostOptions::console, "where the console listens, or none"),
    METRICS_LISTEN(
            "metrics.listen", Kind.LOOPBACK_OR_NONE, HostOptions::metrics, "where metrics are served on TCP, or none"),
    PLACEMENT("placement", Kind.PLACEMENT, HostOptions::placement, "where tokens are kept", true),
    CACHE_MAX_BYTES(
            "cache.max-bytes",
            Kind.SIZE,
            host -> host.cache().maxBytes(),
            "the bound of the kernel's cache of tokens",
            true),
    CACHE_MAX_ENTRIES(
            "cache.max-entries",
            Kind.COUNT_OR_NONE,
            host -> host.cache().maxEntries(),
            "its bound in tokens, or none",
            true),
    CACHE_SCHEME("cache.scheme", Kind.SCHEME, host -> host.cache().scheme(), "which token goes first", true),
    EPC("epc", Kind.SIZE, HostOptions::epc, "the size of the EPC; the platform's"),
    MAX_RECLAIMED(
            "workloads.max-reclaimed",
            Kind.SIZE,
            HostOptions::maxReclaimed,
            "how much memory a workload's pages may take that left the EPC"),
    AUDIT_DURABILITY(
            "audit.durability", Kind.DURABILITY, HostOptions::durability, "when an audit record counts as written"),
    FLEET_ENGINE(
            "fleet.engine",
            Kind.ENGINE_OR_NONE,
            host -> host.fleet().engine(),
            "the Redis or Valkey of a fleet, redis://host:port, or none"),
    FLEET_PASSWORD_FILE(
            "fleet.password-file",
            Kind.PATH_OR_NONE,
            host -> host.fleet().passwordFile(),
            "the file that holds its password"),
    FLEET_NAMESPACE(
            "fleet.namespace",
            Kind.NAMESPACE,
            host -> host.fleet().namespace(),
            "what the keys of this fleet begin with"),
    FLEET_LEASE(
            "fleet.lease",
            Kind.LEASE,
            host -> host.fleet().lease(),
            "how long a host goes on without having heard from the engine"),
    FLEET_PARTITION(
            "fleet.partition",
            Kind.PARTITION,
            host -> host.fleet().goOn(),
            "what it does then: refuse, or continue without a promise"),
    LOG_FORMAT("log.format", Kind.LOG_FORMAT, host -> host.log().json(), "text, or json: an object a line", true),
    LOG_LEVEL("log.level", Kind.LOG_LEVEL, host -> host.log().level(), "the least level that is logged", true),
    SESSIONS_PER_UID(
            "sessions.per-uid",
            Kind.COUNT,
            host -> host.sessions().perUid(),
            "how many front ends a user may have connected"),
    SESSIONS_TOTAL(
            "sessions.total", Kind.COUNT, host -> host.sessions().total(), "how many front ends may be connected"),
    SESSIONS_FILES(
            "sessions.files-per-uid",
            Kind.COUNT,
            host -> host.sessions().files(),
            "how many devices a user's programs may have open"),
    SESSIONS_PROCESSES(
            "sessions.processes-per-uid",
            Kind.COUNT,
            host -> host.sessions().processes(),
            "how many processes a user's programs may be"),
    SESSIONS_THREADS(
            "sessions.threads-per-uid",
            Kind.COUNT,
            host -> host.sessions().threads(),
            "how many threads a user's programs may have"),
    SESSIONS_LAUNCH_MEMORY(
            "sessions.launch-memory-per-uid",
            Kind.MEMORY,
            host -> host.sessions().launchMemory(),
            "how much memory the images of a user's launches may take");

    private final String key;
    private final Kind kind;

    @SuppressWarnings("ImmutableEnumChecker") // a reader of one component, which holds nothing
    private final Value value;

    private final String meaning;
    private final boolean live;

    /** Its value in a set-up. */
    private interface Value {
        @Nullable
        Object in(HostOptions host);
    }

    Setting(String key, Kind kind, Value value, String meaning) {
        this(key, kind, value, meaning, false);
    }

    Setting(String key, Kind kind, Value value, String meaning, boolean live) {
        this.key = key;
        this.kind = kind;
        this.value = value;
        this.meaning = meaning;
        this.live = live;
    }

    /** Whether two set-ups differ in it. */
    public boolean differs(HostOptions one, HostOptions other) {
        return !Objects.equals(value.in(one), value.in(other));
    }

    /** Its place in the configuration file, with a dot for each level: {@code aesm.socket}. */
    public String key() {
        return key;
    }

    /** The option of {@code jsgx serve}: {@code --aesm-socket}. */
    public String option() {
        return "--" + key.replace('.', '-');
    }

    /** The environment variable: {@code JSGX_AESM_SOCKET}. */
    public String variable() {
        return switch (this) {
            // The names that the other commands know them by.
            case STATE -> "JSGX_HOME";
            case RUN_FOLDER -> "JSGX_RUN";
            default -> "JSGX_" + key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
        };
    }

    /** What values it takes. */
    public Kind kind() {
        return kind;
    }

    /** What it is, for people. */
    public String meaning() {
        return meaning;
    }

    /** Whether a host takes another value while it runs. */
    public boolean live() {
        return live;
    }

    /** The setting of a key; empty where there is none. */
    public static Optional<Setting> of(String key) {
        return Arrays.stream(values())
                .filter(setting -> setting.key.equals(key))
                .findFirst();
    }
}
