package jsgx.launch.governor;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Locale;
import jsgx.driver.LaunchRequest;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import org.jspecify.annotations.Nullable;

/** One launch on its way: what the governor has to remember of it from the decision to the outcome. */
final class Flight {

    /** It has no slot in the revision file. */
    static final int NO_SLOT = -1;

    final long number;
    final String id;
    final LaunchRequest request;
    final PolicySubject subject;
    PolicyVerdict verdict = PolicyVerdict.allow("", "", 0);
    TokenIssue issue = TokenIssue.NONE;
    int slot = NO_SLOT;
    boolean admitted;

    /** What was said to it, and when by the nanosecond clock; null until it goes on to EINIT. */
    @Nullable
    Judgement judgement;

    long decided;

    Flight(long number, String id, LaunchRequest request, PolicySubject subject) {
        this.number = number;
        this.id = id;
        this.request = request;
        this.subject = subject;
    }

    /** The record of a step. */
    AuditEvent event(AuditEvent.Kind kind, Instant time, String word, String code, String reason) {
        HexFormat hex = HexFormat.of();
        return new AuditEvent(
                id,
                time,
                kind,
                subject.workload(),
                hex.formatHex(subject.mrEnclave()),
                hex.formatHex(subject.mrSigner()),
                hex.toHexDigits(subject.attributes().flags())
                        + hex.toHexDigits(subject.attributes().xfrm()),
                subject.isvProdId(),
                subject.isvSvn(),
                word,
                verdict.rule(),
                verdict.revision(),
                issue.source().id(),
                code,
                reason);
    }

    /** The record of the intent: {@code allow} or {@code warn}. */
    AuditEvent intent() {
        String word = verdict.effect().name().toLowerCase(Locale.ROOT);
        return event(
                AuditEvent.Kind.INTENT, subject.time(), word, verdict.effect().code(), verdict.reason());
    }
}
