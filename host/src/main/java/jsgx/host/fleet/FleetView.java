package jsgx.host.fleet;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import jsgx.host.service.HostContext;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditAnchor;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditKey;

/** A fleet as an administrator of one of its hosts sees it. A host of no fleet is one of its own. */
public final class FleetView {

    private static final int PAGE = 500;

    /** How many records a search looks at before it answers; whoever wants more goes on from there. */
    private static final int LOOKED_AT = 20_000;

    private final HostContext context;

    public FleetView(HostContext context) {
        this.context = context;
    }

    /**
     * What a search found.
     *
     * @param records those that were asked for, the oldest first
     * @param next where the next search begins
     * @param more whether there may be others
     */
    public record Found(List<FleetRecord> records, String next, boolean more) {
        public Found {
            records = List.copyOf(records);
        }
    }

    /** How this host stands with its fleet. */
    public FleetStatus status() throws LaunchException {
        if (context.governance().options().fleet() instanceof FleetMember member) {
            return member.status();
        }
        FleetTrail self = self();
        EmbeddedFleetStore store = alone(self);
        AuditAnchor last = store.cursor(self);
        long revision = store.revision().revision();
        return new FleetStatus(
                "",
                store.name(),
                self.host(),
                self.platform(),
                true,
                true,
                false,
                0,
                0,
                revision,
                last.number(),
                0,
                "");
    }

    /** What all hosts told of themselves last. */
    public List<FleetHost> hosts() throws LaunchException {
        if (context.governance().options().fleet() instanceof FleetMember member) {
            return member.hosts();
        }
        FleetStatus status = status();
        return List.of(new FleetHost(
                status.platform(),
                status.host(),
                status.revision(),
                status.auditNumber(),
                0,
                "ok",
                context.clock().instant()));
    }

    /**
     * Looks for records of all hosts.
     *
     * @param host the name of a host, or its platform's id; empty for all
     * @param after where an earlier search ended; empty for the beginning
     */
    public Found search(String host, Predicate<AuditEvent> filter, String after, int most) throws LaunchException {
        FleetStore store = store();
        List<FleetRecord> found = new ArrayList<>();
        String next = after;
        for (int looked = 0; looked < LOOKED_AT; ) {
            List<FleetRecord> page = store.read(next, PAGE);
            for (FleetRecord each : page) {
                if (found.size() == most) {
                    return new Found(found, next, true);
                }
                next = each.position();
                if (each.entry() instanceof AuditEntry.Event event
                        && (host.isEmpty() || host.equals(each.host()) || host.equals(each.platform()))
                        && filter.test(event.event())) {
                    found.add(each);
                }
            }
            looked += page.size();
            if (page.size() < PAGE) {
                return new Found(found, next, false);
            }
        }
        return new Found(found, next, true);
    }

    /**
     * Takes the fleet's data for the newest although it is older than this host has seen.
     *
     * @param who does, as the audit trail says
     * @throws LaunchException where this host is of no fleet, or the act cannot be recorded
     */
    public void acceptRollback(String who) throws LaunchException {
        if (!(context.governance().options().fleet() instanceof FleetMember member)) {
            throw new LaunchException(
                    "this host is of no fleet: its own list of revocations is accepted with  jsgx policy"
                            + " revoke --accept-rollback");
        }
        member.acceptRollback(who);
    }

    private FleetStore store() throws LaunchException {
        return context.governance().options().fleet() instanceof FleetMember member ? member.store() : alone(self());
    }

    private EmbeddedFleetStore alone(FleetTrail self) throws LaunchException {
        return new EmbeddedFleetStore(context.state(), context.governance(), self);
    }

    private FleetTrail self() throws LaunchException {
        Path key = context.state().resolve("audit").resolve("key.pub");
        return new FleetTrail(context.running().platform().id(), FleetMember.hostName(), AuditKey.readPublic(key));
    }
}
