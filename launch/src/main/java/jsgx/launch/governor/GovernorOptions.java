package jsgx.launch.governor;

import java.time.InstantSource;
import java.util.function.LongSupplier;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditTrail;
import jsgx.launch.cache.CacheLimits;
import jsgx.launch.cache.Scheme;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.store.TokenStore;
import org.jspecify.annotations.Nullable;

/**
 * What a governor goes by. What it is given that can be closed, whoever opened it closes, after the platform.
 *
 * @param policy the rules
 * @param audit where decisions are recorded
 * @param revocations what is revoked, and the revision
 * @param placement where tokens are kept at first
 * @param cacheLimits the bounds of the kernel's cache at first; the policy's floors and ceilings for workloads are added
 * @param scheme the eviction scheme of the kernel's cache at first
 * @param tokenStore where user space keeps tokens
 * @param clock the time that rules are judged at
 * @param nanoClock what launches a second are counted by, as {@link System#nanoTime}
 * @param fleet the other hosts that go by the same rules
 */
public record GovernorOptions(
        PolicySource policy,
        AuditTrail audit,
        RevocationFile revocations,
        Placement placement,
        CacheLimits cacheLimits,
        Scheme scheme,
        @Nullable TokenStore tokenStore,
        InstantSource clock,
        LongSupplier nanoClock,
        Fleet fleet) {

    private static final long CACHE_BYTES = 8L << 20;

    /** Everything may launch, nothing is recorded, nothing is kept. */
    public static GovernorOptions defaults() {
        return new GovernorOptions(
                PolicySource.of(LaunchPolicy.ALLOW_ALL),
                AuditTrail.NONE,
                RevocationFile.inMemory(Revocations.NONE),
                Placement.NONE,
                CacheLimits.ofBytes(CACHE_BYTES),
                Scheme.W_TINY_LFU,
                null,
                InstantSource.system(),
                System::nanoTime,
                Fleet.ALONE);
    }

    public GovernorOptions withPolicy(LaunchPolicy rules) {
        return withPolicy(PolicySource.of(rules));
    }

    public GovernorOptions withPolicy(PolicySource rules) {
        return new GovernorOptions(
                rules, audit, revocations, placement, cacheLimits, scheme, tokenStore, clock, nanoClock, fleet);
    }

    public GovernorOptions withAudit(AuditTrail trail) {
        return new GovernorOptions(
                policy, trail, revocations, placement, cacheLimits, scheme, tokenStore, clock, nanoClock, fleet);
    }

    public GovernorOptions withRevocations(RevocationFile revoked) {
        return new GovernorOptions(
                policy, audit, revoked, placement, cacheLimits, scheme, tokenStore, clock, nanoClock, fleet);
    }

    public GovernorOptions withPlacement(Placement where) {
        return new GovernorOptions(
                policy, audit, revocations, where, cacheLimits, scheme, tokenStore, clock, nanoClock, fleet);
    }

    public GovernorOptions withCache(CacheLimits limits, Scheme eviction) {
        return new GovernorOptions(
                policy, audit, revocations, placement, limits, eviction, tokenStore, clock, nanoClock, fleet);
    }

    public GovernorOptions withTokenStore(TokenStore store) {
        return new GovernorOptions(
                policy, audit, revocations, placement, cacheLimits, scheme, store, clock, nanoClock, fleet);
    }

    public GovernorOptions withClocks(InstantSource time, LongSupplier nanos) {
        return new GovernorOptions(
                policy, audit, revocations, placement, cacheLimits, scheme, tokenStore, time, nanos, fleet);
    }

    /** One of several hosts. */
    public GovernorOptions withFleet(Fleet others) {
        return new GovernorOptions(
                policy, audit, revocations, placement, cacheLimits, scheme, tokenStore, clock, nanoClock, others);
    }

    /** What revocations and policy say to a launch; without a trace. */
    public PolicyVerdict judge(PolicySubject subject) {
        try {
            return revocations
                    .read()
                    .verdict(subject, revocations.revisions().revision())
                    .orElseGet(() -> rules().judge(subject));
        } catch (LaunchException e) {
            return PolicySource.unavailable(String.valueOf(e.getMessage())).judge(subject);
        }
    }

    /** The policy, as long as the fleet lets anything launch. */
    private LaunchPolicy rules() {
        String refusal = fleet.refusal();
        return refusal.isEmpty() ? policy : PolicySource.unavailable(refusal);
    }

    /** The same rules for a look without a trace: nothing is recorded or kept, and what runs now is not counted. */
    public GovernorOptions forLooking() {
        Revocations present;
        PolicySource rules = PolicySource.of(policy, policy.quotas());
        try {
            present = revocations.read();
        } catch (LaunchException e) {
            present = Revocations.NONE;
            rules = PolicySource.unavailable(String.valueOf(e.getMessage()));
        }
        return defaults()
                .withPolicy(rules)
                .withRevocations(RevocationFile.inMemory(present))
                .withClocks(clock, nanoClock)
                .withFleet(fleet);
    }
}
