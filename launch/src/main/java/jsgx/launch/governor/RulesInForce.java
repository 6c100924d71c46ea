package jsgx.launch.governor;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import jsgx.arch.struct.EinitToken;
import jsgx.launch.LaunchException;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.policy.Quotas;

/** Revocations and policy as they are in force: read again when the revision says that they changed, in this process or another, and asked about launches and tokens. */
final class RulesInForce implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger("jsgx.launch.governor");

    /** What revocations and policy were when this revision was seen. */
    record Rules(long revision, Revocations revocations) {

        /** What they say to a token by the launch enclave that made it, where they take what was said of it before. */
        PolicyVerdict ofToken(byte[] token, String signer, PolicyVerdict verdict) {
            if (token.length == 0 || !EinitToken.of(token).isValid()) {
                return verdict;
            }
            return revocations
                    .ofToken(signer, EinitToken.of(token).isvSvnLe())
                    .map(entry -> Revocations.verdict(entry, revision))
                    .orElse(verdict);
        }
    }

    private final GovernorOptions options;
    private final RevisionFile revisions;
    private final Quotas quotas;
    private final KernelTokenCache<?> cache;
    private final CacheControl control;

    /** Guards the change of {@link #rules}. */
    private final ReentrantLock loading = new ReentrantLock();

    /** What could not be recorded of the rules yet; guarded by {@link #loading}. */
    private final Set<String> untold = new LinkedHashSet<>();

    private volatile Rules rules = new Rules(0, Revocations.NONE);

    private final Runnable follower = this::followRules;

    /**
     * Those of a governor; none is read yet.
     *
     * @param quotas get the policy's limits
     * @param cache loses the tokens that were revoked
     * @param control gets the policy's bounds of the cache
     */
    RulesInForce(GovernorOptions options, Quotas quotas, KernelTokenCache<?> cache, CacheControl control) {
        this.options = options;
        this.revisions = options.revocations().revisions();
        this.quotas = quotas;
        this.cache = cache;
        this.control = control;
        options.revocations().follow(follower);
    }

    @Override
    public void close() {
        options.revocations().leave(follower);
    }

    /** Those of the present revision. */
    Rules now() throws LaunchException {
        Rules present = rules;
        return revisions.revision() == present.revision() ? present : load();
    }

    /** Takes rules that were changed in this process. */
    private void followRules() {
        try {
            now();
        } catch (LaunchException | RuntimeException | VirtualMachineError e) {
            // Whoever launches next tries again and is refused where that fails too; who changed the rules did so.
            LOG.log(System.Logger.Level.DEBUG, "rules that were changed cannot be taken yet", e);
        }
    }

    /**
     * The rules, or those before them while a thread that changed or saw these reads them: who asks for a token does not wait for that, since the token grants
     * nothing, and EINIT is judged by no other rules than those in force.
     */
    Rules forTokens() throws LaunchException {
        Rules present = rules;
        long revision = revisions.revision();
        if (revision == present.revision() || present.revision() == 0) {
            return now();
        }
        if (options.revocations().isBeingTaken(revision) || !loading.tryLock()) {
            return present;
        }
        try {
            return now();
        } finally {
            loading.unlock();
        }
    }

    private Rules load() throws LaunchException {
        loading.lock();
        try {
            long revision = revisions.revision();
            Rules present = rules;
            if (revision != present.revision()) {
                // The number before the content: what is newer than its number is only loaded once more.
                present = new Rules(revision, options.revocations().read());
                tell(options.policy().reload(revision), revision);
                quotas.limits(options.policy().quotas());
                tell(control.policy(options.policy().quotas()), revision);
                purge(present.revocations());
                rules = present;
            }
            return present;
        } finally {
            loading.unlock();
        }
    }

    /** Records what is new; where that cannot be, it is still to be recorded when the rules are loaded again. */
    private void tell(String news, long revision) throws LaunchException {
        if (!news.isEmpty()) {
            untold.add(news);
        }
        for (Iterator<String> each = untold.iterator(); each.hasNext(); each.remove()) {
            options.audit()
                    .record(Revoker.act(
                            options.clock(),
                            Workloads.ofThisProcess().name(),
                            AuditEvent.Kind.POLICY,
                            "reload",
                            each.next(),
                            revision));
        }
    }

    /** Other processes revoke too; their tokens here are of no use any more. */
    private long purge(Revocations revoked) {
        return revoked.entries().isEmpty()
                ? 0
                : cache.flush(identity -> revoked.entries().stream()
                        .anyMatch(entry -> entry.revocation().mayCover(identity)));
    }

    /** What they say to a launch, with what the user of it says too. */
    PolicyVerdict of(Rules by, PolicySubject subject) {
        return OwnPolicy.besides(ofHost(by, subject), subject);
    }

    /** What they say to a launch. */
    PolicyVerdict ofHost(Rules by, PolicySubject subject) {
        return by.revocations()
                .verdict(subject, by.revision())
                .orElseGet(() -> whileInFleet(() -> options.policy().judge(subject)));
    }

    /** What they say to a token for user space. */
    PolicyVerdict ofToken(Rules by, PolicySubject subject) {
        return by.revocations()
                .tokenVerdict(subject, by.revision())
                .orElseGet(() -> whileInFleet(() -> options.policy().judgeToken(subject)));
    }

    /** A host that has lost its fleet judges nothing. */
    private PolicyVerdict whileInFleet(Supplier<PolicyVerdict> policy) {
        String refusal = options.fleet().refusal();
        return refusal.isEmpty() ? policy.get() : unavailable(refusal);
    }

    /** Nothing launches, for this reason. */
    PolicyVerdict unavailable(String reason) {
        return new PolicyVerdict(Effect.UNAVAILABLE, "fail closed", "", reason, rules.revision());
    }
}
