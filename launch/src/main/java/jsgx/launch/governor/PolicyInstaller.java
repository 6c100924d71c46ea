package jsgx.launch.governor;

import java.nio.file.Path;
import java.time.InstantSource;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFolder;

/** Puts policies in force, in all processes of a state folder. Each act is recorded before it is done. */
public final class PolicyInstaller {

    private final PolicyFolder folder;
    private final Revoker revisions;
    private final AuditTrail audit;
    private final InstantSource clock;
    private final Fleet fleet;

    /**
     * @param revisions whoever tells all processes of the folder; the acts are recorded as done on the same behalf
     * @param fleet the other hosts, which are told
     */
    public PolicyInstaller(PolicyFolder folder, Revoker revisions, AuditTrail audit, InstantSource clock, Fleet fleet) {
        this.folder = folder;
        this.revisions = revisions;
        this.audit = audit;
        this.clock = clock;
        this.fleet = fleet;
    }

    /**
     * What was put in force.
     *
     * @param rolledBackFrom the sequence number that the policy before had; 0 where the new one's is no lower
     * @param revision the revision since which it is in force
     */
    public record Change(Policy policy, long rolledBackFrom, long revision) {}

    /**
     * Puts a policy in force. When this returns, no launch is on its way that was judged by the one before.
     *
     * @param acceptRollback whether it may have a lower sequence number than the one before
     * @throws PolicyException where it cannot be used: then nothing is changed
     * @throws LaunchException where the act cannot be recorded or the other hosts not be told: then nothing is changed here; or where
     *     other processes cannot be told
     */
    public Change install(Path candidate, boolean acceptRollback) throws PolicyException, LaunchException {
        return install(candidate, acceptRollback, candidate.toString());
    }

    /**
     * As {@link #install(Path, boolean)}, of a file that is there for this alone.
     *
     * @param name what the record calls it
     */
    public Change install(Path candidate, boolean acceptRollback, String name) throws PolicyException, LaunchException {
        PolicyFolder.Installed checked = folder.wouldInstall(candidate, acceptRollback);
        boolean lower = checked.rolledBackFrom() != 0;
        String what = "%s, sequence %d%s"
                .formatted(
                        name,
                        checked.policy().sequence(),
                        lower ? ", which is lower than %d before it".formatted(checked.rolledBackFrom()) : "");
        audit.record(Revoker.act(
                clock, revisions.who(), AuditEvent.Kind.POLICY, lower ? "accept-rollback" : "reload", what, 0));
        fleet.installing(checked, acceptRollback);
        PolicyFolder.Installed installed = folder.install(candidate, acceptRollback);
        return new Change(installed.policy(), installed.rolledBackFrom(), revisions.reload());
    }
}
