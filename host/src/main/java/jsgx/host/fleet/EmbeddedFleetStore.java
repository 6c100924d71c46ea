package jsgx.host.fleet;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditReader;
import jsgx.launch.governor.Fleet;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.governor.PolicyInstaller;
import jsgx.launch.governor.Revocation;
import jsgx.launch.governor.Revocations;
import jsgx.launch.governor.Revoker;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.store.StoredToken;
import jsgx.launch.store.TokenOrigin;
import jsgx.launch.store.TokenStore;
import org.jspecify.annotations.Nullable;

/**
 * The fleet of one host: what would be shared lies in its state folder, in the files that are there anyway. The stream is the host's own
 * trail, so that there is nothing to append; a label has one token, wherever it was made.
 */
public final class EmbeddedFleetStore implements FleetStore {

    private static final String ID = "embedded";

    private final Path folder;
    private final GovernorOptions options;
    private final Revoker revoker;
    private final PolicyInstaller installer;
    private final FleetTrail trail;
    private final Object lock = new Object();
    private @Nullable FleetHost host;

    /**
     * @param trail whose trail it is
     */
    public EmbeddedFleetStore(Path folder, Governance governance, FleetTrail trail) throws LaunchException {
        this.folder = folder;
        this.options = governance.options();
        this.revoker = governance.revoker();
        this.installer = new PolicyInstaller(
                PolicyFolder.in(folder, options.clock()), revoker, options.audit(), options.clock(), Fleet.ALONE);
        this.trail = trail;
    }

    @Override
    public String name() {
        return "this host alone, in " + folder;
    }

    @Override
    public FleetRevision revision() throws LaunchException {
        options.revocations().read();
        long now = options.revocations().revisions().revision();
        return new FleetRevision(ID, now, policy(now).isPresent() ? now : 0);
    }

    @Override
    public FleetRevocations revocations() throws LaunchException {
        long revision = options.revocations().revisions().revision();
        Revocations present = options.revocations().read();
        return new FleetRevocations(
                revision,
                present.entries().stream()
                        .map(entry -> new FleetRevocations.Entry(
                                entry.revocation(), entry.revision(), entry.time(), trail.host()))
                        .toList());
    }

    @Override
    public long revoke(List<Revocation> revocations, String by) throws LaunchException {
        Revocations present = options.revocations().read();
        long revision = present.revision();
        for (Revocation each : revocations) {
            if (!present.contains(each)) {
                revision = revoker.revoke(each).revision();
            }
        }
        return revision;
    }

    @Override
    public long reinstate(Revocation revocation, long seen) throws LaunchException {
        synchronized (lock) {
            for (Revocations.Entry entry : options.revocations().read().entries()) {
                if (entry.revocation().equals(revocation)) {
                    if (entry.revision() > seen) {
                        throw new LaunchException(
                                "%s was revoked again at revision %d".formatted(revocation, entry.revision()));
                    }
                    return revoker.reinstate(revocation);
                }
            }
            return options.revocations().revisions().revision();
        }
    }

    @Override
    public void begin() {
        // There is always one.
    }

    @Override
    public void renew(String former) {
        // An older list of revocations is refused by the list itself.
    }

    @Override
    public Optional<FleetPolicy> policy() throws LaunchException {
        return policy(options.revocations().revisions().revision());
    }

    private Optional<FleetPolicy> policy(long revision) throws LaunchException {
        try {
            PolicyFolder policies = PolicyFolder.look(folder, options.clock());
            return policies.load().isEmpty()
                    ? Optional.empty()
                    : Optional.of(policies.wouldInstall(policies.file(), false))
                            .map(found -> new FleetPolicy(
                                    revision,
                                    found.policy().sequence(),
                                    0,
                                    found.content(),
                                    found.included(),
                                    Instant.EPOCH,
                                    trail.host()));
        } catch (PolicyException e) {
            throw new LaunchException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public long install(FleetPolicy policy, boolean acceptRollback) throws LaunchException {
        try {
            return installer
                    .install(policy.writeTo(folder.resolve("fleet-policy")), acceptRollback)
                    .revision();
        } catch (PolicyException e) {
            throw new LaunchException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public Optional<StoredToken> token(TokenOrigin origin, String label) throws LaunchException {
        try (TokenStore store = TokenStore.in(folder)) {
            return store.find(origin, label);
        }
    }

    @Override
    public boolean keep(StoredToken token, long revision) throws LaunchException {
        if (options.revocations().revisions().revision() != revision) {
            return false;
        }
        try (TokenStore store = TokenStore.in(folder)) {
            store.keep(token);
            return true;
        }
    }

    @Override
    public long purge(String platform, Predicate<StoredToken> which) throws LaunchException {
        try (TokenStore store = TokenStore.in(folder)) {
            return store.purge(platform, which);
        }
    }

    @Override
    public AuditAnchor cursor(FleetTrail of) throws LaunchException {
        try (AuditReader reader = AuditReader.open(folder.resolve("audit"))) {
            return reader.anchor();
        }
    }

    @Override
    public AuditAnchor append(FleetTrail of, AuditAnchor after, List<AuditEntry> entries) throws LaunchException {
        return cursor(of);
    }

    @Override
    public List<FleetRecord> read(String after, int most) throws LaunchException {
        long from = after.isEmpty() ? 0 : Long.parseLong(after);
        List<FleetRecord> found = new ArrayList<>();
        try (AuditReader reader = AuditReader.openAt(folder.resolve("audit"), from + 1)) {
            List<AuditEntry> page = reader.next(most);
            while (!page.isEmpty() && found.size() < most) {
                page.stream()
                        .filter(entry -> entry.number() > from)
                        .limit(most - found.size())
                        .map(entry ->
                                new FleetRecord(Long.toString(entry.number()), trail.platform(), trail.host(), entry))
                        .forEach(found::add);
                page = found.size() < most ? reader.next(most) : List.of();
            }
        }
        return found;
    }

    @Override
    public void tell(FleetHost of) {
        synchronized (lock) {
            host = of;
        }
    }

    @Override
    public List<FleetHost> hosts() {
        synchronized (lock) {
            return host == null ? List.of() : List.of(host);
        }
    }

    @Override
    public void listen(Runnable changed) throws LaunchException {
        // Whoever changes something here is this process, or is seen by its revision.
        throw new LaunchException("a host alone hears of no other");
    }

    @Override
    public void close() {
        // What it uses is others' to close.
    }
}
