package jsgx.host;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import jsgx.host.admin.AdminOptions;
import jsgx.host.admin.AdminService;
import jsgx.host.aesm.AesmOptions;
import jsgx.host.aesm.AesmService;
import jsgx.host.config.HostOptions;
import jsgx.host.config.Setting;
import jsgx.host.fleet.FleetMember;
import jsgx.host.fleet.FleetService;
import jsgx.host.log.Field;
import jsgx.host.peer.Peers;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.host.session.DriverSocket;
import jsgx.host.state.StateLock;
import jsgx.host.state.StateMark;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.PlatformFile;
import jsgx.launch.RunningPlatform;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.file.PrivateFile;
import jsgx.launch.governor.CacheSettings;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Workloads;
import jsgx.launch.le.JavaLaunchEnclave;
import jsgx.launch.le.WhiteListCertificate;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.yaml.YamlError;
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

    /** Guarded by this. */
    private HostOptions options;

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
            Host host = new Host(context, services(context, options));
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
        checkOwner(options.state());
        StateLock lock = StateLock.take(options.state());
        open.push(lock::close);
        Platform kept = PlatformFile.in(options.state()).loadOrCreate();
        StateMark.check(options.state(), kept.id());
        Platform platform = options.epc() == 0 ? kept : kept.withEpc(options.epc());
        Governance governance = Governance.in(options.state(), clock, options.durability());
        open.push(governance::close);
        if (options.fleet().engine() != null) {
            FleetMember member = FleetMember.of(options.fleet(), clock);
            open.push(member::close);
            governance = governance.withFleet(member);
        }
        // Placement may change while it runs.
        governance = governance.withTokens();
        SharedEpc epc = SharedEpc.allocate(platform.epcSections());
        open.push(epc::close);
        SecureRandom random = new SecureRandom();
        RunningPlatform running = RunningPlatform.of(
                platform,
                governor(governance.options(), options),
                platform.powerOn(random, epc.epc()),
                new JavaLaunchEnclave(random),
                // With a thread that reclaims, as Linux has one, programs meet the -EAGAIN of pages that it is just
                // writing out, here more
                // often than there: it takes longer. Who needs a page reclaims one.
                driver -> driver.withVirtualization(false)
                        .withSwapThread(false)
                        .withPaging(epc)
                        .withAccount(new ReclaimLimit(driver.account(), options.maxReclaimed())));
        open.push(running::close);
        return new HostContext(running, epc, governance, options.state(), clock);
    }

    /** What serves others, in the order in which it begins. */
    private static List<Service> services(HostContext context, HostOptions options) {
        List<Service> services = new ArrayList<>();
        if (context.governance().options().fleet() instanceof FleetMember member) {
            services.add(new FleetService(member, context));
        }
        AdminService admin = new AdminService(
                context,
                AdminOptions.of(options.adminSocket(), options.admin().group(), options.console(), options.metrics()),
                () -> services);
        Peers peers = new Peers(options.cgroups());
        DriverSocket driver = new DriverSocket(context, options, peers::identify);
        admin.metrics().sessions(driver::sessions);
        services.add(driver);
        Path aesm = options.aesm().socket();
        if (aesm != null) {
            AesmOptions settings = AesmOptions.at(aesm, options.durability())
                    .withWhiteList(options.aesm().whiteList(), WhiteListCertificate.intel())
                    .withWaiting(options.aesm().queue(), options.aesm().timeout(), AesmOptions.STALL);
            AesmService issuing =
                    new AesmService(settings, context.running().governor()::issueToUserSpace, peers::identify);
            admin.metrics().aesm(issuing::statistics);
            services.add(issuing);
        }
        services.add(admin);
        return services;
    }

    /** Whoever owns the folder decides what launches: root takes nobody else's. */
    private static void checkOwner(Path state) throws HostException {
        try {
            Object own = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            Object owner = Files.getAttribute(state, "unix:uid");
            if (!own.equals(owner)) {
                throw new HostException(
                        "the state folder %s belongs to uid %s, expected uid %s, who runs this: take another folder, or run  chown -R %s %s"
                                .formatted(state, owner, own, own, state));
            }
        } catch (IOException e) {
            throw new HostException("the state folder %s cannot be looked at: %s".formatted(state, e.getMessage()), e);
        }
    }

    private static GovernorOptions governor(GovernorOptions rules, HostOptions options) {
        HostOptions.Cache cache = options.cache();
        return rules.withPlacement(options.placement())
                .withCache(CacheLimits.ofBytes(cache.maxBytes()).withMaxEntries(cache.maxEntries()), cache.scheme());
    }

    /** How it is set up. */
    public synchronized HostOptions options() {
        return options;
    }

    /** What runs, and its services. */
    public Host host() {
        return host;
    }

    /**
     * Takes what can be changed while it runs from another set-up, all of it or nothing; what cannot is logged, and stays.
     *
     * @return whether it was taken: where not, the log says why
     */
    public synchronized boolean reload(HostOptions next) {
        HostOptions.Cache cache = next.cache();
        // What an administrator changed meanwhile stays, unless the configuration says something else now.
        if (next.placement() != options.placement() || !cache.equals(options.cache())) {
            try {
                host.context()
                        .running()
                        .governor()
                        .cacheControl()
                        .change(
                                Workloads.ofThisProcess().name(),
                                now -> new CacheSettings(
                                        next.placement(), cache.scheme(), cache.maxBytes(), cache.maxEntries()));
            } catch (IllegalArgumentException | LaunchException e) {
                LOG.log(Level.ERROR, "the configuration stays as it was: " + e.getMessage());
                return false;
            }
        }
        for (Setting setting : Setting.values()) {
            if (setting.differs(options, next)) {
                LOG.log(
                        setting.live() ? Level.INFO : Level.WARNING,
                        setting.live() ? "has another value from now on" : "has another value after a restart only",
                        Field.of("setting", setting.key()));
            }
        }
        options = options.withLive(next);
        return true;
    }

    /** Reads the state folder's policy again: where it cannot be used nothing changes, and the log says why. */
    public synchronized void reloadPolicy() {
        HostContext context = host.context();
        try {
            Optional<Policy> policy =
                    PolicyFolder.in(context.state(), context.clock()).load();
            if (policy.isPresent()) {
                long revision = context.running().governor().revoker().reload();
                LOG.log(Level.INFO, "the policy was read again", Field.of("revision", revision));
            }
        } catch (PolicyException e) {
            for (YamlError error : e.errors()) {
                LOG.log(
                        Level.ERROR,
                        "the policy cannot be used and stays as it was",
                        Field.of("where", error.place()),
                        Field.of("error", error.message()));
            }
        } catch (LaunchException e) {
            LOG.log(Level.ERROR, "the policy cannot be read again: " + e.getMessage());
        }
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
                LOG.log(Level.ERROR, String.valueOf(e.getMessage()));
            }
        }
    }
}
