package jsgx.host.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.launch.LaunchException;
import jsgx.launch.StateFolder;
import jsgx.launch.audit.Durability;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;
import jsgx.launch.governor.Placement;
import org.jspecify.annotations.Nullable;

/**
 * How a host is set up.
 *
 * @param state the state folder
 * @param runFolder where the sockets lie
 * @param aesm the AESM socket
 * @param admin the admin socket
 * @param console where the console listens on TCP; null for nowhere
 * @param metrics where metrics are served on TCP besides the admin socket; null for nowhere
 * @param placement where tokens are kept at first
 * @param cache the kernel's cache of tokens at first
 * @param epc the size of the EPC in bytes; 0 for the platform's
 * @param maxReclaimed how much memory the pages of a workload may take that left the EPC, in bytes
 * @param durability when an audit record counts as written
 * @param cgroups the prefixes of cgroups that are workloads of their own, such as {@code /system.slice}
 * @param grants what users may say of their launches that others may not
 * @param fleet the engine that hosts share
 * @param log what is logged, and how
 * @param sessions how many front ends may be connected
 */
public record HostOptions(
        Path state,
        Path runFolder,
        Aesm aesm,
        Admin admin,
        @Nullable InetSocketAddress console,
        @Nullable InetSocketAddress metrics,
        Placement placement,
        Cache cache,
        long epc,
        long maxReclaimed,
        Durability durability,
        List<String> cgroups,
        List<Grant> grants,
        Fleet fleet,
        Log log,
        Sessions sessions) {

    /** The port of the console where nothing else is configured. */
    public static final int CONSOLE_PORT = 7480;

    public HostOptions {
        cgroups = List.copyOf(cgroups);
        grants = List.copyOf(grants);
    }

    /**
     * The AESM socket.
     *
     * @param socket where it lies; null for nowhere
     * @param whiteList the white list that is answered, whose owner is the operator; null for none
     * @param queue how many requests may wait
     * @param timeout how long one may take
     */
    public record Aesm(@Nullable Path socket, @Nullable Path whiteList, int queue, Duration timeout) {}

    /**
     * The admin socket.
     *
     * @param group whose members may use it besides its owner; empty for nobody
     */
    public record Admin(String group) {}

    /**
     * The kernel's cache of tokens.
     *
     * @param maxBytes how many bytes it may take
     * @param maxEntries how many tokens it may have, or {@link CacheLimits#UNLIMITED}
     * @param scheme which token goes first
     */
    public record Cache(long maxBytes, long maxEntries, Scheme scheme) {}

    /** What a user may say of their launches. */
    public enum Right {
        /** A policy of their own. */
        POLICY,
        /** Where tokens are kept. */
        PLACEMENT,
        /** Whom launches are charged to. */
        WORKLOAD
    }

    /**
     * What a user may say of their launches that others may not.
     *
     * @param uid the user
     * @param rights what they may say
     */
    public record Grant(int uid, Set<Right> rights) {
        public Grant {
            rights = Set.copyOf(rights);
        }
    }

    /**
     * The engine that hosts share.
     *
     * @param engine where it is: {@code redis://host:port}; null for none
     * @param passwordFile the file that holds its password; null for none
     * @param namespace what the keys of this fleet begin with
     * @param lease how long the host goes on without having heard from the engine
     * @param goOn whether it goes on after that, in a partition, with no promise
     */
    public record Fleet(
            @Nullable URI engine, @Nullable Path passwordFile, String namespace, Duration lease, boolean goOn) {}

    /**
     * What is logged, and how.
     *
     * @param json whether as one JSON object a line; else as text
     * @param level the least level that is logged
     */
    public record Log(boolean json, System.Logger.Level level) {}

    /**
     * How many front ends may be connected at once, and what those of one user may have together.
     *
     * @param perUid front ends of one user
     * @param total front ends of all
     * @param files how many devices a user's programs may have open
     * @param processes how many processes they may be
     * @param threads how many threads they may have
     * @param launchMemory how much memory the images of a user's launches may take at once, in bytes
     */
    public record Sessions(int perUid, int total, int files, int processes, int threads, long launchMemory) {}

    /** The same, with what can be changed while a host runs from another set-up. */
    public HostOptions withLive(HostOptions next) {
        return new HostOptions(
                state,
                runFolder,
                aesm,
                admin,
                console,
                metrics,
                next.placement,
                next.cache,
                epc,
                maxReclaimed,
                durability,
                cgroups,
                grants,
                fleet,
                next.log,
                sessions);
    }

    /** The same, with the console elsewhere; null for nowhere. */
    public HostOptions withConsole(@Nullable InetSocketAddress address) {
        return new HostOptions(
                state,
                runFolder,
                aesm,
                admin,
                address,
                metrics,
                placement,
                cache,
                epc,
                maxReclaimed,
                durability,
                cgroups,
                grants,
                fleet,
                log,
                sessions);
    }

    /** The socket of front ends. */
    public Path driverSocket() {
        return runFolder.resolve("driver.socket");
    }

    /** The admin socket. */
    public Path adminSocket() {
        return runFolder.resolve("admin.socket");
    }

    /**
     * What holds where nothing is configured.
     *
     * @param environment the environment variables
     * @param root whether root runs the host
     * @throws LaunchException where the environment names no state folder
     */
    public static HostOptions defaults(Map<String, String> environment, boolean root) throws LaunchException {
        Path state = StateFolder.path(environment);
        return at(state, RunFolder.path(environment, state, root), root);
    }

    /** What holds in these folders where nothing is configured, with the AESM socket in the run folder unless root runs the host. */
    public static HostOptions at(Path state, Path runFolder, boolean root) {
        return new HostOptions(
                state,
                runFolder,
                new Aesm(
                        root ? Path.of("/var/run/aesmd/aesm.socket") : runFolder.resolve("aesm.socket"),
                        null,
                        1024,
                        Duration.ofSeconds(5)),
                new Admin(""),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), CONSOLE_PORT),
                null,
                Placement.NONE,
                new Cache(8L << 20, CacheLimits.UNLIMITED, Scheme.W_TINY_LFU),
                0,
                512L << 20,
                Durability.GROUP,
                List.of(),
                List.of(),
                new Fleet(null, null, "jsgx", Duration.ofSeconds(1), false),
                new Log(false, System.Logger.Level.INFO),
                new Sessions(256, 16384, 8192, 1024, 4096, 1L << 30));
    }
}
