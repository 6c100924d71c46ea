package jsgx.host.admin;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jsgx.host.admin.Operation.Answer;
import jsgx.host.fleet.FleetHost;
import jsgx.host.fleet.FleetRecord;
import jsgx.host.fleet.FleetStatus;
import jsgx.host.fleet.FleetView;
import jsgx.host.service.HostContext;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEntry;
import jsgx.launch.json.Json;

/** The hosts that share policy, revocations, tokens and audit: this one among them, or alone. */
final class FleetResource {

    private static final long USUAL = 100;
    private static final long MOST = 1000;

    private final FleetView fleet;

    FleetResource(HostContext context) {
        this.fleet = new FleetView(context);
    }

    List<Operation> operations() {
        return List.of(
                new Operation("GET", "/v1/fleet", call -> status()),
                new Operation("GET", "/v1/fleet/hosts", call -> hosts()),
                new Operation("GET", "/v1/fleet/audit", this::search),
                new Operation("POST", "/v1/fleet/accept-rollback", this::acceptRollback));
    }

    private Answer status() throws LaunchException {
        FleetStatus status = fleet.status();
        return Answer.of(new Json()
                .put("fleet", status.fleet())
                .put("engine", status.engine())
                .put("host", status.host())
                .put("platform", status.platform())
                .put("connected", status.connected())
                .put("mayLaunch", status.mayLaunch())
                .put("partitioned", status.partitioned())
                .put("leaseMillis", status.leaseMillis())
                .put("leaseAgeMillis", status.leaseAgeMillis())
                .put("revision", status.revision())
                .put("auditNumber", status.auditNumber())
                .put("auditLagMillis", status.auditLagMillis())
                .put("trouble", status.trouble()));
    }

    private Answer hosts() throws LaunchException {
        List<Json> items = fleet.hosts().stream().map(FleetResource::json).toList();
        return Answer.of(new Json().put("items", items));
    }

    private static Json json(FleetHost host) {
        return new Json()
                .put("platform", host.platform())
                .put("name", host.name())
                .put("revision", host.revision())
                .put("auditNumber", host.auditNumber())
                .put("auditLagMillis", host.auditLagMillis())
                .put("state", host.state())
                .put("seen", host.seen().toString());
    }

    private Answer search(Call call) throws LaunchException {
        Set<String> names = new HashSet<>(AuditResource.FILTERS);
        names.addAll(Set.of("limit", "after", "host"));
        Map<String, String> query = call.query(names);
        int limit = Call.number(query, "limit", 1, MOST).orElse(USUAL).intValue();
        String after = query.getOrDefault("after", "");
        if (!after.matches("|[0-9]{1,18}(-[0-9]{1,18})?")) {
            throw Problem.badRequest("\"after\" is no position")
                    .where("after")
                    .expected("what \"next\" was in an earlier answer");
        }
        FleetView.Found found = fleet.search(query.getOrDefault("host", ""), AuditResource.filter(query), after, limit);
        return Answer.of(new Json()
                .put("items", found.records().stream().map(FleetResource::json).toList())
                .put("next", found.next())
                .put("more", found.more()));
    }

    private static Json json(FleetRecord record) {
        Json json = new Json()
                .put("position", record.position())
                .put("host", record.host())
                .put("platform", record.platform());
        return record.entry() instanceof AuditEntry.Event event ? json.put("event", AuditResource.json(event)) : json;
    }

    private Answer acceptRollback(Call call) throws LaunchException {
        call.body(false, Call.SMALL).end();
        fleet.acceptRollback(call.who());
        return status();
    }
}
