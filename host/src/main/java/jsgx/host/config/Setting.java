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
    STATE("state", Kind.FOLDER, "the state folder, 0700: keys, tokens and the audit trail"),
    RUN_FOLDER("run-folder", Kind.FOLDER, "where the sockets lie"),
    AESM_SOCKET("aesm.socket", Kind.PATH_OR_NONE, "the AESM socket, or none"),
    AESM_WHITE_LIST("aesm.white-list", Kind.PATH_OR_NONE, "the white list that AESM answers with"),
    AESM_QUEUE("aesm.queue", Kind.COUNT, "how many AESM requests may wait"),
    AESM_TIMEOUT("aesm.timeout", Kind.DURATION, "how long an AESM request may take"),
    ADMIN_GROUP("admin.group", Kind.NAME_OR_NONE, "the group whose members may use the admin socket"),
    CONSOLE_LISTEN("console.listen", Kind.LOOPBACK_OR_NONE, "where the console listens, or none"),
    METRICS_LISTEN("metrics.listen", Kind.LOOPBACK_OR_NONE, "where metrics are served on TCP, or none"),
    PLACEMENT("placement", Kind.PLACEMENT, "where tokens are kept", true),
    CACHE_MAX_BYTES("cache.max-bytes", Kind.SIZE, "the bound of the kernel's cache of tokens", true),
    CACHE_MAX_ENTRIES("cache.max-entries", Kind.COUNT_OR_NONE, "its bound in tokens, or none", true),
    CACHE_SCHEME("cache.scheme", Kind.SCHEME, "which token goes first", true),
    EPC("epc", Kind.SIZE, "the size of the EPC; the platform's"),
    MAX_RECLAIMED(
            "workloads.max-reclaimed", Kind.SIZE, "how much memory a workload's pages may take that left the EPC"),
    AUDIT_DURABILITY("audit.durability", Kind.DURABILITY, "when an audit record counts as written"),
    FLEET_ENGINE("fleet.engine", Kind.ENGINE_OR_NONE, "the Redis or Valkey of a fleet, redis://host:port, or none"),
    FLEET_PASSWORD_FILE("fleet.password-file", Kind.PATH_OR_NONE, "the file that holds its password"),
    FLEET_NAMESPACE("fleet.namespace", Kind.NAMESPACE, "what the keys of this fleet begin with"),
    FLEET_LEASE("fleet.lease", Kind.LEASE, "how long a host goes on without having heard from the engine"),
    FLEET_PARTITION("fleet.partition", Kind.PARTITION, "what it does then: refuse, or continue without a promise"),
    LOG_FORMAT("log.format", Kind.LOG_FORMAT, "text, or json: an object a line", true),
    LOG_LEVEL("log.level", Kind.LOG_LEVEL, "the least level that is logged", true),
    SESSIONS_PER_UID("sessions.per-uid", Kind.COUNT, "how many front ends a user may have connected"),
    SESSIONS_TOTAL("sessions.total", Kind.COUNT, "how many front ends may be connected"),
    SESSIONS_FILES("sessions.files-per-uid", Kind.COUNT, "how many devices a user's programs may have open"),
    SESSIONS_PROCESSES("sessions.processes-per-uid", Kind.COUNT, "how many processes a user's programs may be"),
    SESSIONS_THREADS("sessions.threads-per-uid", Kind.COUNT, "how many threads a user's programs may have"),
    SESSIONS_LAUNCH_MEMORY(
            "sessions.launch-memory-per-uid", Kind.MEMORY, "how much memory the images of a user's launches may take");

    private final String key;
    private final Kind kind;
    private final String meaning;
    private final boolean live;

    Setting(String key, Kind kind, String meaning) {
        this(key, kind, meaning, false);
    }

    Setting(String key, Kind kind, String meaning, boolean live) {
        this.key = key;
        this.kind = kind;
        this.meaning = meaning;
        this.live = live;
    }

    /** Whether two set-ups differ in it. */
    public boolean differs(HostOptions one, HostOptions other) {
        return !Objects.equals(value(one), value(other));
    }

    private @Nullable Object value(HostOptions host) {
        return switch (this) {
            case STATE -> host.state();
            case RUN_FOLDER -> host.runFolder();
            case AESM_SOCKET -> host.aesm().socket();
            case AESM_WHITE_LIST -> host.aesm().whiteList();
            case AESM_QUEUE -> host.aesm().queue();
            case AESM_TIMEOUT -> host.aesm().timeout();
            case ADMIN_GROUP -> host.admin().group();
            case CONSOLE_LISTEN -> host.console();
            case METRICS_LISTEN -> host.metrics();
            case PLACEMENT -> host.placement();
            case CACHE_MAX_BYTES -> host.cache().maxBytes();
            case CACHE_MAX_ENTRIES -> host.cache().maxEntries();
            case CACHE_SCHEME -> host.cache().scheme();
            case EPC -> host.epc();
            case MAX_RECLAIMED -> host.maxReclaimed();
            case AUDIT_DURABILITY -> host.durability();
            case FLEET_ENGINE -> host.fleet().engine();
            case FLEET_PASSWORD_FILE -> host.fleet().passwordFile();
            case FLEET_NAMESPACE -> host.fleet().namespace();
            case FLEET_LEASE -> host.fleet().lease();
            case FLEET_PARTITION -> host.fleet().goOn();
            case LOG_FORMAT -> host.log().json();
            case LOG_LEVEL -> host.log().level();
            case SESSIONS_PER_UID -> host.sessions().perUid();
            case SESSIONS_TOTAL -> host.sessions().total();
            case SESSIONS_FILES -> host.sessions().files();
            case SESSIONS_PROCESSES -> host.sessions().processes();
            case SESSIONS_THREADS -> host.sessions().threads();
            case SESSIONS_LAUNCH_MEMORY -> host.sessions().launchMemory();
        };
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
