package jsgx.host.fleet;

import java.time.Duration;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.launch.LaunchException;

/** Keeps a host in its fleet. */
public final class FleetService implements Service {

    private final FleetMember member;
    private final HostContext context;

    /**
     * @param member which the host's governor asks
     */
    public FleetService(FleetMember member, HostContext context) {
        this.member = member;
        this.context = context;
    }

    @Override
    public String name() {
        return "fleet";
    }

    /** The host as one of its fleet. */
    public FleetMember member() {
        return member;
    }

    @Override
    public void start() throws HostException {
        try {
            member.join(
                    context.state(),
                    context.running().platform().id(),
                    context.governance().options(),
                    context.running().governor().revoker());
        } catch (LaunchException e) {
            throw new HostException(String.valueOf(e.getMessage()), e);
        }
        member.awaitFleet();
    }

    @Override
    public String trouble() {
        return member.status().trouble();
    }

    @Override
    public void stop(Duration grace) {
        member.leave(grace);
    }
}
