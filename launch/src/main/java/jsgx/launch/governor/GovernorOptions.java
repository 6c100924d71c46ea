package jsgx.launch.governor;

import java.time.InstantSource;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.policy.LaunchPolicy;

/**
 * What a governor goes by.
 *
 * @param policy the rules
 * @param audit where decisions are recorded
 * @param revocations what is revoked, and the revision
 * @param placement where tokens are kept at first
 * @param clock the time that rules are judged at
 */
public record GovernorOptions(
        LaunchPolicy policy, AuditTrail audit, RevocationFile revocations, Placement placement, InstantSource clock) {

    /** Everything may launch, nothing is recorded, nothing is kept. */
    public static GovernorOptions defaults() {
        return new GovernorOptions(
                LaunchPolicy.ALLOW_ALL,
                AuditTrail.NONE,
                RevocationFile.inMemory(Revocations.NONE),
                Placement.NONE,
                InstantSource.system());
    }

    public GovernorOptions withPolicy(LaunchPolicy rules) {
        return new GovernorOptions(rules, audit, revocations, placement, clock);
    }

    public GovernorOptions withAudit(AuditTrail trail) {
        return new GovernorOptions(policy, trail, revocations, placement, clock);
    }

    public GovernorOptions withRevocations(RevocationFile revoked) {
        return new GovernorOptions(policy, audit, revoked, placement, clock);
    }

    public GovernorOptions withPlacement(Placement where) {
        return new GovernorOptions(policy, audit, revocations, where, clock);
    }

    public GovernorOptions withClock(InstantSource time) {
        return new GovernorOptions(policy, audit, revocations, placement, time);
    }
}
