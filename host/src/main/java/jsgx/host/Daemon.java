package jsgx.host;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import jsgx.host.config.HostOptions;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.state.StateLock;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.machine.MachineException;
import jsgx.machine.SharedEpc;

/**
 * A host in this process: the platform of its state folder, switched on, and everything that serves it.
 *
 * <pre>{@code
 * try (Daemon daemon = Daemon.start(HostOptions.defaults(System.getenv(), false), InstantSource.system())) {
 *     …
 * }
 * }</pre>
 */
public final class Daemon implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("jsgx.host");

    /** How long launches in flight may take to finish where nobody says otherwise. */
    public static final Duration GRACE = Duration.ofSeconds(10);

    private interface Closing {
        void close() throws LaunchException;
    }

    private final HostOptions options;
    private final Host host;

    /** What is closed after the services, the last first; guarded by this. */
    private final Deque<Closing> open;

    private Daemon(HostOptions options, Host host, Deque<Closing> open) {
        this.options = options;
        this.host = host;
        this.open = open;
    }

    /**
     * Switches the host on; returns when all of it serves.
     *
     * @throws HostException where the state folder is another process's, or a service cannot begin. Nothing is left behind then
     * @throws LaunchException where the state folder cannot be used
     * @throws MachineException where there is no memory for the EPC
     */
    public static Daemon start(HostOptions options, InstantSource clock)
            throws HostException, LaunchException, MachineException {
        Deque<Closing> open = new ArrayDeque<>();
        boolean done = false;
        try {
            HostContext context = context(options, clock, open);
            Host host = new Host(context, List.of());
            host.start();
            done = true;
            return new Daemon(options, host, open);
        } finally {
            if (!done) {
                close(open);
            }
        }
    }

    private static HostContext context(HostOptions options, InstantSource clock, Deque<Closing> open)
            throws HostException, LaunchException, MachineException {
        PrivateFile.ensureFolder(options.state());
        StateLock lock = StateLock.take(options.state());
        open.push(lock::close);
        Platform kept = PlatformFile.in(options.state()).loadOrCreate();
        Platform platform = options.epc() == 0 ? kept : kept.withEpc(options.epc());
        Governance governance = Governance.in(options.state(), clock, options.durability());
        open.push(governance::close);
        if (options.placement().inUserSpace()) {
            governance = governance.withTokens();
        }
        SharedEpc epc = SharedEpc.allocate(platform.epcSections());
        open.push(epc::close);
        SecureRandom random = new SecureRandom();
        RunningPlatform running = RunningPlatform.of(
                platform,
                governor(governance.options(), options),
                platform.powerOn(random, epc.epc()),
                new JavaLaunchEnclave(random),
                driver -> driver);
        open.push(running::close);
        return new HostContext(running, epc, governance, options.state(), clock);
    }

    private static GovernorOptions governor(GovernorOptions rules, HostOptions options) {
        HostOptions.Cache cache = options.cache();
        return rules.withPlacement(options.placement())
                .withCache(CacheLimits.ofBytes(cache.maxBytes()).withMaxEntries(cache.maxEntries()), cache.scheme());
    }

    /** How it is set up. */
    public HostOptions options() {
        return options;
    }

    /** What runs, and its services. */
    public Host host() {
        return host;
    }

    /** Ends it: nothing new begins, launches in flight finish within this time, then the rest is ended. */
    public synchronized void stop(Duration grace) {
        host.stop(grace);
        close(open);
    }

    /** Ends it at once. */
    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    private static void close(Deque<Closing> open) {
        while (!open.isEmpty()) {
            try {
                open.pop().close();
            } catch (LaunchException e) {
                LOG.log(System.Logger.Level.ERROR, String.valueOf(e.getMessage()));
            }
        }
    }
}
