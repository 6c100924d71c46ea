package jsgx.host.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import jsgx.host.config.HostOptions;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditKey;
import jsgx.launch.governor.Fleet;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revoker;
import jsgx.launch.governor.Workloads;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.store.SharedTokens;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import org.jspecify.annotations.Nullable;

/**
 * A host as one of its fleet. It is made before the governor, which asks it at each launch, and joins once the governor is there; before that,
 * and whenever it has not heard from the fleet within its lease, nothing launches.
 *
 * <pre>{@code
 * FleetMember member = FleetMember.of(settings, clock);
 * governance.withFleet(member);
 * RunningPlatform running = RunningPlatform.of(platform, governance.options(), …);
 * new FleetService(member, context).start();
 * }</pre>
 */
public final class FleetMember implements Fleet, AutoCloseable {

    private static final System.Logger LOG = System.getLogger("jsgx.host.fleet");

    /** How many records of all hosts' trails the stream keeps; the hosts' own trails keep all. */
    private static final long STREAM_RECORDS = 1_000_000;

    private static final long SHORTEST_LEASE = 100;
    private static final long LONGEST_LEASE = 3_600_000;

    /** How long an answer of the engine, and the first at the start, is waited for, whatever the lease, in milliseconds: at least, and at most. */
    private static final long SHORTEST_WAIT = 1000;

    private static final long LONGEST_WAIT = 5000;

    private final HostOptions.Fleet settings;
    private final String hostName;
    private final InstantSource clock;
    private final FleetStore store;
    private final FleetLease lease;
    private final LongSupplier nanoClock;

    /** What there is once the governor is. */
    private record Joined(
            GovernorOptions host, FleetTrail self, FleetRules rules, FleetStreamer streamer, FleetLoops loops) {}

    private volatile @Nullable Joined joined;

    FleetMember(
            HostOptions.Fleet settings,
            String hostName,
            FleetStore store,
            InstantSource clock,
            LongSupplier nanoClock) {
        this.settings = settings;
        this.hostName = hostName;
        this.clock = clock;
        this.nanoClock = nanoClock;
        this.store = store;
        this.lease = new FleetLease(settings.lease(), settings.goOn(), nanoClock, this::record);
    }

    /**
     * A host that is not connected yet.
     *
     * @param settings which fleet; its engine is given
     * @throws LaunchException where the settings cannot be used: the address, the name, the lease, or the password's file
     */
    public static FleetMember of(HostOptions.Fleet settings, InstantSource clock) throws LaunchException {
        return of(settings, hostName(), clock, System::nanoTime);
    }

    static FleetMember of(HostOptions.Fleet settings, String hostName, InstantSource clock, LongSupplier nanoClock)
            throws LaunchException {
        long lease = settings.lease().toMillis();
        if (lease < SHORTEST_LEASE || lease > LONGEST_LEASE) {
            throw new LaunchException(
                    "fleet.lease is %d ms: expected %d ms to an hour".formatted(lease, SHORTEST_LEASE));
        }
        if (settings.engine() == null) {
            throw new LaunchException("fleet.engine is not given: expected redis://host:port");
        }
        RedisEngine engine = new RedisEngine(
                settings.engine(),
                settings.passwordFile(),
                Duration.ofMillis(Math.clamp(lease, SHORTEST_WAIT, LONGEST_WAIT)));
        FleetStore store = new RedisFleetStore(engine, settings.namespace(), STREAM_RECORDS, clock);
        return new FleetMember(settings, hostName, store, clock, nanoClock);
    }

    static String hostName() {
        try {
            return Printable.of(
                    Files.readString(Path.of("/proc/sys/kernel/hostname")).strip());
        } catch (IOException e) {
            return "unknown";
        }
    }

    /**
     * Joins: from now on the host hears from its fleet, whether its engine answers yet or not.
     *
     * @param platform the id of this host's package
     * @param host what the host's governor goes by
     * @param revoker who revokes on this host
     */
    public void join(Path state, String platform, GovernorOptions host, Revoker revoker) throws LaunchException {
        Path audit = state.resolve("audit");
        FleetTrail self = new FleetTrail(platform, hostName, AuditKey.readPublic(audit.resolve("key.pub")));
        FleetRules rules = new FleetRules(store, settings.namespace(), state, host, revoker, self);
        FleetStreamer streamer = new FleetStreamer(store, audit, self, clock);
        FleetLoops loops = new FleetLoops(store, rules, streamer, lease, this::self, settings.lease(), nanoClock);
        joined = new Joined(host, self, rules, streamer, loops);
        loops.start();
    }

    /** Waits until the host has heard from its fleet, or for as long as its lease, and not for long: where the engine is away it is refused launches, not its start. */
    void awaitFleet() {
        long end = System.nanoTime()
                + TimeUnit.MILLISECONDS.toNanos(Math.min(settings.lease().toMillis(), LONGEST_WAIT));
        while (!lease.holds()
                && System.nanoTime() < end
                && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** Where hosts keep what they share. */
    public FleetStore store() {
        return store;
    }

    /** How this host stands with its fleet. */
    public FleetStatus status() {
        Joined now = joined;
        boolean holds = lease.holds();
        return new FleetStatus(
                settings.namespace(),
                store.name(),
                hostName,
                now == null ? "" : now.self().platform(),
                holds && lease.trouble().isEmpty(),
                holds || lease.goesOn(),
                lease.goesOn() && !holds,
                settings.lease().toMillis(),
                lease.ageMillis(),
                now == null ? 0 : now.loops().revision(),
                now == null ? 0 : now.streamer().number(),
                now == null ? 0 : now.streamer().lagMillis(),
                trouble(holds, now));
    }

    private String trouble(boolean holds, @Nullable Joined now) {
        if (!holds) {
            return lease.explanation();
        }
        return now == null ? "" : now.loops().trouble();
    }

    private FleetHost self() {
        FleetStatus status = status();
        return new FleetHost(
                status.platform(),
                status.host(),
                status.revision(),
                status.auditNumber(),
                status.auditLagMillis(),
                status.trouble().isEmpty() ? "ok" : status.trouble(),
                clock.instant());
    }

    @Override
    public String refusal() {
        return lease.refusal();
    }

    @Override
    public void revoked(Revocation revocation) throws LaunchException {
        Joined now = joined();
        try {
            now.rules().revoke(revocation);
        } catch (LaunchException e) {
            throw new LaunchException(
                    "the other hosts do not know yet, and are told as soon as they can be: " + e.getMessage(), e);
        } finally {
            now.loops().wake();
        }
    }

    @Override
    public void reinstating(Revocation revocation) throws LaunchException {
        Joined now = joined();
        try {
            now.rules().reinstate(revocation);
        } catch (LaunchException e) {
            throw new LaunchException(
                    "%s stays revoked, as the other hosts cannot be told: %s".formatted(revocation, e.getMessage()), e);
        }
        now.loops().wake();
    }

    @Override
    public void installing(PolicyFolder.Installed policy, boolean acceptRollback) throws LaunchException {
        joined().rules().install(policy, acceptRollback);
    }

    @Override
    public Optional<SharedTokens> tokens() {
        return Optional.of(new SharedTokens() {
            @Override
            public Optional<StoredToken> find(TokenOrigin origin, String label) throws LaunchException {
                checkConnected();
                return store.token(origin, label);
            }

            @Override
            public void keep(StoredToken token) throws LaunchException {
                checkConnected();
                Joined now = joined();
                long revision = now.loops().revision();
                boolean revoked = now.host().revocations().read().entries().stream()
                        .anyMatch(entry -> entry.revocation().mayCover(token.identity()));
                if (revoked || !store.keep(token, revision)) {
                    throw new LaunchException("the fleet keeps no token of what was just revoked, or may have been");
                }
            }

            @Override
            public long purge(String platform, Predicate<StoredToken> revoked) throws LaunchException {
                return store.purge(platform, revoked);
            }
        });
    }

    /** A launch without the fleet does not wait for the fleet's tokens. */
    private void checkConnected() throws LaunchException {
        if (!lease.holds()) {
            throw new LaunchException("the fleet's tokens cannot be had: " + lease.trouble());
        }
    }

    /**
     * Takes the fleet's data for the newest although it is older than this host has seen, with all that is revoked on this host; that is
     * recorded before it is done.
     *
     * @param who does, as the audit trail says
     */
    public void acceptRollback(String who) throws LaunchException {
        Joined now = joined();
        record(
                who,
                "accept-rollback",
                "%s as it is now, which is older than this host has seen".formatted(store.name()));
        now.rules().acceptRollback();
        now.loops().wake();
    }

    private Joined joined() throws LaunchException {
        Joined now = joined;
        if (now == null) {
            throw new LaunchException("this host has not joined its fleet yet: try again once it has started");
        }
        return now;
    }

    private void record(String verdict, String what) throws LaunchException {
        record(Workloads.ofThisProcess().name(), verdict, what);
    }

    private void record(String who, String verdict, String what) throws LaunchException {
        Joined now = joined();
        LOG.log(System.Logger.Level.WARNING, "fleet {0}: {1}: {2}", settings.namespace(), verdict, what);
        now.host()
                .audit()
                .record(new AuditEvent(
                        HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong()),
                        clock.instant(),
                        AuditEvent.Kind.ADMINISTRATION,
                        who,
                        "",
                        "",
                        "",
                        0,
                        0,
                        verdict,
                        "",
                        0,
                        "",
                        "",
                        what));
    }

    /** Streams what can be streamed within this time, and leaves the fleet. */
    public void leave(Duration grace) {
        Joined now = joined;
        if (now != null) {
            now.loops().stop(grace);
        }
        store.close();
    }

    /** Leaves the fleet at once. */
    @Override
    public void close() {
        leave(Duration.ZERO);
    }

    /** What all hosts told of themselves last. */
    public List<FleetHost> hosts() throws LaunchException {
        return store.hosts();
    }
}
