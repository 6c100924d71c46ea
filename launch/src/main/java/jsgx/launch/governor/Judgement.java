package jsgx.launch.governor;

import java.util.Locale;
import jsgx.driver.Decision;
import jsgx.driver.LaunchRequest;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.policy.PolicyVerdict;

/**
 * What a governor said to one launch, and what it took.
 *
 * @param request what was asked
 * @param verdict what policy, revocations and quotas said
 * @param issue the token; {@link TokenIssue#NONE} where none was looked for
 * @param decision what the driver heard
 * @param policyNanos how long the verdict took
 * @param tokenNanos how long the token took
 * @param auditNanos how long the record of the intent took
 */
public record Judgement(
        LaunchRequest request,
        PolicyVerdict verdict,
        TokenIssue issue,
        Decision decision,
        long policyNanos,
        long tokenNanos,
        long auditNanos) {

    /** What the policy said, for people; empty where there is none, so that nothing was judged. */
    public String policyNote() {
        if (verdict.where().isEmpty() && verdict.effect() == PolicyVerdict.Effect.ALLOW) {
            return "";
        }
        String where = verdict.where().isEmpty() ? "" : " (" + verdict.where() + ")";
        return "%s: rule \"%s\"%s, revision %d"
                .formatted(verdict.effect().name().toLowerCase(Locale.ROOT), verdict.rule(), where, verdict.revision());
    }

    /** Hears of judgements, on the thread that launches. What a listener throws tears the enclave down. */
    public interface Listener {

        /** Hears nothing. */
        Listener NOBODY = judgement -> {};

        void judged(Judgement judgement);

        /** The outcome of a launch is recorded. */
        default void completed(long auditNanos) {}

        /** The outcome cannot be recorded, and the enclave is torn down. */
        default void tornDown(PolicyVerdict verdict) {}

        /** A launch is over, whether EINIT was executed or not: once for each that was judged, and the last that is heard of it. */
        default void ended(Ending ending) {}

        /**
         * A token was issued to user space, or refused.
         *
         * @param event its record, which may be missing in the trail where the verdict says so
         */
        default void issued(AuditEvent event, IssuedToken issued) {}

        /** An enclave that was launched is gone; on the thread that released it. */
        default void released(long enclave) {}
    }
}
