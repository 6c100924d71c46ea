package jsgx.launch.governor;

import java.time.InstantSource;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;

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

    /** The same rules for a look without a trace: nothing is recorded, and what runs now is not counted. */
    public GovernorOptions forLooking() {
        Revocations present;
        LaunchPolicy rules = policy;
        try {
            present = revocations.read();
        } catch (LaunchException e) {
            present = Revocations.NONE;
            PolicyVerdict unreadable =
                    new PolicyVerdict(Effect.UNAVAILABLE, "fail closed", "", String.valueOf(e.getMessage()), 0);
            rules = subject -> unreadable;
        }
        return new GovernorOptions(rules, AuditTrail.NONE, RevocationFile.inMemory(present), Placement.NONE, clock);
    }
}
