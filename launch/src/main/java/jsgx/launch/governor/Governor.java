package jsgx.launch.governor;

import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import jsgx.arch.CpuSvn;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.SgxError;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.Errno;
import jsgx.driver.Fate;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.launch.LaunchException;
import jsgx.launch.LeAuthority;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.cache.KernelTokenCache;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.policy.QuotaRefusal;
import jsgx.launch.policy.Quotas;
import jsgx.launch.store.TokenStore;
import jsgx.launch.token.TokenIdentity;
import jsgx.launch.token.TokenSource;

/**
 * The launch authority: it judges each launch by revocations and policy before it looks at any token, gets the token from where tokens
 * are kept, records the intent, lets the launch go on to EINIT under the revision that it was judged by and no other, and records the
 * outcome. What it cannot judge or record does not launch.
 *
 * <p>A refusal by policy is -EACCES on each interface: EINIT's own refusals are positive codes, or mainline's -EPERM, so that a
 * program can tell the two.
 */
public final class Governor implements LaunchAuthority, AutoCloseable {

    private static final long REFUSED = Errno.EACCES.result();

    private final GovernorOptions options;
    private final Judgement.Listener listener;
    private final RevisionFile revisions;
    private final KernelTokenCache<?> cache;
    private final CacheControl control;
    private final KernelTokens tokens;
    private final Quotas quotas;
    private final ConcurrentHashMap<RequestKey, Flight> inFlight = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Long, Flight> running = new ConcurrentHashMap<>();
    private final RulesInForce rules;
    private final AtomicLong launches = new AtomicLong();
    private final String name =
            HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());

    /**
     * A governor over a launch enclave.
     *
     * @param cpuSvn the processor's CPUSVN now
     */
    public Governor(
            GovernorOptions options, LeAuthority launchEnclave, Supplier<CpuSvn> cpuSvn, Judgement.Listener listener) {
        this.options = options;
        this.listener = listener;
        this.revisions = options.revocations().revisions();
        this.quotas = new Quotas(options.policy().quotas(), options.nanoClock());
        var kernelCache =
                new KernelTokenCache<KernelTokens.NotGranted>(options.cacheLimits(), options.scheme(), options.clock());
        this.cache = kernelCache;
        this.control = new CacheControl(
                options,
                kernelCache,
                (who, verdict, what) -> options.audit()
                        .record(Revoker.act(
                                options.clock(),
                                who,
                                AuditEvent.Kind.ADMINISTRATION,
                                verdict,
                                what,
                                revisions.revision())));
        this.tokens = new KernelTokens(launchEnclave, kernelCache, cpuSvn);
        this.rules = new RulesInForce(options, quotas, cache, control);
    }

    /** A driver passes the same request to decide and complete, and two requests may have the same content. */
    private record RequestKey(LaunchRequest request) {
        @Override
        @SuppressWarnings("ReferenceEquality")
        public boolean equals(Object o) {
            return o instanceof RequestKey other && request == other.request;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(request);
        }
    }

    /** Where tokens are kept. */
    public Placement placement() {
        return control.placement();
    }

    /** What an administrator changes of the kernel's cache, and of where tokens are kept. */
    public CacheControl cacheControl() {
        return control;
    }

    /** The kernel's cache, empty as long as tokens are not kept in the kernel: its limits, its scheme and what it did. */
    public KernelTokenCache<?> cache() {
        return cache;
    }

    /** What each workload has, and the EPC account that counts its pages. */
    public Quotas quotas() {
        return quotas;
    }

    /** The service that issues tokens to user space: the kernel's cache where tokens are kept there too, else the launch enclave. */
    public TokenIssue issue(TokenIdentity identity, Workload workload) {
        return tokens.issue(identity, workload, control.placement().inKernel());
    }

    /**
     * Issues a token that user space brings to EINIT itself, and records that before anybody has it. The token grants nothing: EINIT is
     * judged again, by what is in force then and with all that is known there. So it is refused only where EINIT would be, now and whatever
     * the SIGSTRUCT says of product and version; that spares the launch enclave, and tells the caller sooner.
     */
    public IssuedToken issueToUserSpace(TokenIdentity identity, Workload workload) {
        PolicySubject subject = PolicySubject.ofToken(
                identity.mrEnclave(), identity.mrSigner(), identity.attributes(), workload.name(), now());
        TokenFlight flight = new TokenFlight(name + "-" + launches.incrementAndGet(), subject);
        try {
            RulesInForce.Rules by = rules.forTokens();
            PolicyVerdict verdict = rules.ofToken(by, subject);
            if (verdict.effect().launches()) {
                verdict = quotas.admitToken(workload)
                        .map(refusal -> overQuota(refusal, by.revision()))
                        .orElse(verdict);
            }
            if (!verdict.effect().launches()) {
                return refuseToken(flight, verdict, 0);
            }
            long start = System.nanoTime();
            TokenIssue issue = issue(identity, workload);
            long nanos = System.nanoTime() - start;
            verdict = by.ofToken(issue.token(), tokens.signer(), verdict);
            if (!verdict.effect().launches()) {
                return refuseToken(flight, verdict, nanos);
            }
            AuditEvent event = flight.event(now(), verdict, issue);
            options.audit().record(event);
            return told(event, new IssuedToken(verdict, issue, nanos));
        } catch (LaunchException e) {
            return refuseToken(flight, rules.unavailable(String.valueOf(e.getMessage())), 0);
        } catch (InternalError e) {
            return refuseToken(flight, rules.unavailable("the revision file cannot be read: " + e.getMessage()), 0);
        }
    }

    /** Refuses and records it; what is refused stays refused where that cannot be recorded. */
    private IssuedToken refuseToken(TokenFlight flight, PolicyVerdict verdict, long nanos) {
        AuditEvent event = flight.event(now(), verdict, TokenIssue.NONE);
        try {
            options.audit().record(event);
            return told(event, new IssuedToken(verdict, TokenIssue.NONE, nanos));
        } catch (LaunchException e) {
            String reason = verdict.reason() + "; and this could not be recorded: " + e.getMessage();
            PolicyVerdict told =
                    new PolicyVerdict(verdict.effect(), verdict.rule(), verdict.where(), reason, verdict.revision());
            return told(event, new IssuedToken(told, TokenIssue.NONE, nanos));
        }
    }

    private IssuedToken told(AuditEvent event, IssuedToken issued) {
        listener.issued(event, issued);
        return issued;
    }

    @Override
    public Decision decide(LaunchRequest request) {
        long number = launches.incrementAndGet();
        PolicySubject subject = PolicySubject.of(request, options.clock().instant());
        Flight flight = new Flight(number, name + "-" + number, request, subject);
        boolean decided = false;
        try {
            Decision decision = decide(flight);
            decided = true;
            return decision;
        } catch (LaunchException e) {
            return refuse(flight, rules.unavailable(String.valueOf(e.getMessage())), 0, 0);
        } catch (InternalError e) {
            // The JVM's word for a mapped file that became shorter.
            flight.slot = Flight.NO_SLOT;
            return refuse(flight, rules.unavailable("the revision file cannot be read: " + e.getMessage()), 0, 0);
        } finally {
            if (!decided) {
                end(flight);
            }
        }
    }

    private Decision decide(Flight flight) throws LaunchException {
        long start = System.nanoTime();
        RulesInForce.Rules judgedBy = rules.now();
        flight.verdict = rules.ofHost(judgedBy, flight.subject);
        if (!flight.verdict.effect().launches()) {
            return refuse(flight, flight.verdict, System.nanoTime() - start, 0);
        }
        Optional<QuotaRefusal> over = quotas.admit(flight.request.workload());
        if (over.isPresent()) {
            return refuse(flight, overQuota(over.get(), judgedBy.revision()), System.nanoTime() - start, 0);
        }
        flight.admitted = true;
        // What a user refuses itself counts as launched: its own policy is no way round the rate.
        flight.verdict = OwnPolicy.besides(flight.verdict, flight.subject);
        long judged = System.nanoTime();
        if (!flight.verdict.effect().launches()) {
            return refuse(flight, flight.verdict, judged - start, 0);
        }
        flight.issue = token(flight.request);
        long issued = System.nanoTime();
        flight.verdict = judgeToken(judgedBy, flight);
        if (!flight.verdict.effect().launches()) {
            return refuse(flight, flight.verdict, judged - start, issued - judged);
        }
        Decision decision = decision(flight.issue.answer());
        if (decision instanceof Decision.Refuse refuse) {
            end(flight);
            String code = leCode(flight.issue.answer());
            record(flight, "refused", code, refuse.reason());
            refused(flight, code, refuse, flight.verdict, judged - start, issued - judged);
            return decision;
        }
        options.audit().record(flight.intent());
        if (!enter(flight, judgedBy)) {
            return refuse(flight, flight.verdict, judged - start, issued - judged);
        }
        inFlight.put(new RequestKey(flight.request), flight);
        flight.decided = System.nanoTime();
        flight.judgement = new Judgement(
                flight.request,
                flight.verdict,
                flight.issue,
                decision,
                judged - start,
                issued - judged,
                flight.decided - issued);
        listener.judged(flight.judgement);
        return decision;
    }

    /** Enters a launch into the revision file, under the revision that is still in force then: {@link RevisionFile} says why. */
    private boolean enter(Flight flight, RulesInForce.Rules judgedBy) throws LaunchException {
        RulesInForce.Rules under = judgedBy;
        while (true) {
            flight.slot = revisions.enter(flight.number, under.revision(), flight.subject);
            if (revisions.revision() == under.revision()) {
                String refusal = options.fleet().refusal();
                if (!refusal.isEmpty()) {
                    flight.verdict = rules.unavailable(refusal);
                }
                return refusal.isEmpty();
            }
            leave(flight);
            under = rules.now();
            PolicyVerdict again = rules.of(under, flight.subject);
            flight.verdict = again.effect().launches() ? judgeToken(under, flight) : again;
            if (!flight.verdict.effect().launches()) {
                return false;
            }
        }
    }

    @Override
    public Fate complete(LaunchRequest request, Completion completion) {
        Flight flight = inFlight.remove(new RequestKey(request));
        if (flight == null) {
            return Fate.keep();
        }
        boolean launched = completion instanceof Completion.Executed && completion.result() == 0;
        boolean runs = false;
        PolicyVerdict verdict = flight.verdict;
        String code = code(completion);
        Fate fate = Fate.keep();
        long start = System.nanoTime();
        long recorded = start;
        try {
            options.audit()
                    .record(flight.event(AuditEvent.Kind.OUTCOME, now(), launched ? "launched" : "refused", code, ""));
            recorded = System.nanoTime();
            listener.completed(recorded - start);
            if (refusedItsToken(completion)) {
                quotas.notLaunched(request.workload());
                byte[] callers = request.callerToken();
                tokens.refused(
                        TokenIdentity.of(request.mrEnclave(), request.mrSigner(), request.attributes()),
                        callers.length == 0 ? flight.issue.token() : callers);
            }
            if (launched) {
                revisions.running(flight.slot);
                running.put(request.enclave(), flight);
                runs = true;
            }
        } catch (LaunchException e) {
            verdict = rules.unavailable("its outcome could not be recorded: " + e.getMessage());
            code = verdict.effect().code();
            fate = Fate.tearDown(REFUSED, verdict.reason());
            listener.tornDown(verdict);
        } finally {
            if (!runs) {
                end(flight);
            }
        }
        listener.ended(new Ending(
                flight.id,
                Objects.requireNonNull(flight.judgement, "a launch in flight was judged"),
                completion,
                verdict,
                code,
                runs,
                start - flight.decided,
                recorded - start));
        return fate;
    }

    /** Whether a fresh token may help: such a launch is tried twice, and counts once. */
    private static boolean refusedItsToken(Completion completion) {
        return completion instanceof Completion.Executed executed
                && executed.outcome() instanceof Outcome.Error error
                && error.check() instanceof Einit.Check check
                && check.compareTo(Einit.Check.AUTHORIZED_SIGNER) >= 0
                && check.compareTo(Einit.Check.TOKEN_ATTRIBUTES) <= 0;
    }

    @Override
    public void released(long enclave, Workload workload) {
        Flight flight = running.remove(enclave);
        if (flight != null) {
            end(flight);
            listener.released(enclave);
        }
    }

    @Override
    public void powerLost() {
        running.forEach((enclave, flight) -> released(enclave, flight.request.workload()));
    }

    /** What revocations and policy say to a launch now; without a trace. */
    public PolicyVerdict judge(PolicySubject subject) {
        try {
            return rules.of(rules.now(), subject);
        } catch (LaunchException e) {
            return rules.unavailable(String.valueOf(e.getMessage()));
        }
    }

    /** The launches in flight and the running enclaves of all processes that share the revision. */
    public List<LaunchEntry> launches() {
        return revisions.entries();
    }

    /** Revokes, with every cache and store that this process has. */
    public Revoker revoker() {
        Map<String, Revoker.Holder> holders = new LinkedHashMap<>();
        holders.put(TokenSource.KERNEL_CACHE.id(), Revoker.Holder.of(cache::flush, cache::count));
        TokenStore store = options.tokenStore();
        if (store != null) {
            holders.put(
                    TokenSource.STORE.id(),
                    Revoker.Holder.of(
                            which -> store.purge(token -> which.test(token.identity()))
                                    .size(),
                            which -> store.count(token -> which.test(token.identity()))));
        }
        return new Revoker(options.revocations(), options.audit(), options.clock(), holders, options.fleet());
    }

    /** Everything that runs has ended. */
    @Override
    public void close() {
        powerLost();
        rules.close();
        options.revocations().close();
    }

    /** A token tells which launch enclave made it, and that may be revoked. */
    private static PolicyVerdict judgeToken(RulesInForce.Rules by, Flight flight) {
        byte[] callers = flight.request.callerToken();
        byte[] token = callers.length == 0 ? flight.issue.token() : callers;
        // EINIT takes no token of another launch enclave than that whose signer the hash MSRs name.
        return by.ofToken(token, HexFormat.of().formatHex(flight.request.lePubKeyHash()), flight.verdict);
    }

    private static PolicyVerdict overQuota(QuotaRefusal refusal, long revision) {
        return new PolicyVerdict(Effect.QUOTA, "quota " + refusal.what(), "", refusal.reason(), revision);
    }

    private TokenIssue token(LaunchRequest request) {
        if (request.tokenSupplier() == TokenSupplier.AUTHORITY) {
            return issue(
                    TokenIdentity.of(request.mrEnclave(), request.mrSigner(), request.attributes()),
                    request.workload());
        }
        return request.callerToken().length == 0
                ? TokenIssue.NONE
                : new TokenIssue(new Answer.NotNeeded(), TokenSource.CALLER, "caller");
    }

    /** What the driver hears of a launch enclave's answer. */
    private static Decision decision(Answer answer) {
        return switch (answer) {
            case Answer.Granted granted -> Decision.allow(granted.token());
            case Answer.NotNeeded notNeeded -> Decision.allow();
            // A token of zeroes is all that the v5 series hears of a refusal; EINIT then says the rest.
            case Answer.Refused refused when refused.result() == 0 -> Decision.allow();
            case Answer.Refused refused ->
                Decision.refuse(refused.result(), "the launch enclave refuses with result " + refused.result());
            case Answer.Unavailable unavailable -> Decision.refuse(Errno.EIO.result(), unavailable.reason());
        };
    }

    private static String leCode(Answer answer) {
        return answer instanceof Answer.Refused ? "LE_REFUSED" : "LE_UNAVAILABLE";
    }

    private static String code(Completion completion) {
        return switch (completion) {
            case Completion.NotExecuted notExecuted -> notExecuted.reason();
            case Completion.Executed executed ->
                switch (executed.outcome()) {
                    case Outcome.Success success -> SgxError.SUCCESS.sdmName();
                    case Outcome.Error error -> error.code().sdmName();
                    case Outcome.Faulted faulted -> faulted.fault().vector().name();
                };
        };
    }

    private Decision refuse(Flight flight, PolicyVerdict verdict, long policyNanos, long tokenNanos) {
        flight.verdict = verdict;
        end(flight);
        String reason = record(flight, "refused", verdict.effect().code(), verdict.reason());
        Decision.Refuse decision = new Decision.Refuse(REFUSED, reason);
        PolicyVerdict told =
                new PolicyVerdict(verdict.effect(), verdict.rule(), verdict.where(), reason, verdict.revision());
        refused(flight, verdict.effect().code(), decision, told, policyNanos, tokenNanos);
        return decision;
    }

    private void refused(
            Flight flight,
            String code,
            Decision.Refuse decision,
            PolicyVerdict verdict,
            long policyNanos,
            long tokenNanos) {
        Judgement said = new Judgement(flight.request, verdict, flight.issue, decision, policyNanos, tokenNanos, 0);
        listener.judged(said);
        Completion never = new Completion.NotExecuted(decision.result(), decision.reason());
        listener.ended(new Ending(flight.id, said, never, verdict, code, false, 0, 0));
    }

    /** Records how a launch ended; what is refused stays refused where that cannot be recorded. */
    private String record(Flight flight, String word, String code, String reason) {
        try {
            options.audit().record(flight.event(AuditEvent.Kind.OUTCOME, now(), word, code, reason));
            return reason;
        } catch (LaunchException e) {
            return reason + "; and this could not be recorded: " + e.getMessage();
        }
    }

    /** What the launch was counted for is free again. */
    private void end(Flight flight) {
        try {
            leave(flight);
        } finally {
            if (flight.admitted) {
                flight.admitted = false;
                quotas.released(flight.request.workload());
            }
        }
    }

    private void leave(Flight flight) {
        if (flight.slot != Flight.NO_SLOT) {
            revisions.leave(flight.slot);
            flight.slot = Flight.NO_SLOT;
        }
    }

    /** The time that launches are judged at. */
    public Instant now() {
        return options.clock().instant();
    }
}
