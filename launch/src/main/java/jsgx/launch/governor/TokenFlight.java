package jsgx.launch.governor;

import java.time.Instant;
import java.util.HexFormat;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/** One request for a token by itself, as the audit trail tells of it. */
record TokenFlight(String id, PolicySubject subject) {

    /** The record of how it ended. */
    AuditEvent event(Instant time, PolicyVerdict verdict, TokenIssue issue) {
        HexFormat hex = HexFormat.of();
        boolean issued = verdict.effect().launches()
                && (issue.answer() instanceof Answer.Granted || issue.answer() instanceof Answer.NotNeeded);
        return new AuditEvent(
                id,
                time,
                AuditEvent.Kind.TOKEN,
                subject.workload(),
                hex.formatHex(subject.mrEnclave()),
                hex.formatHex(subject.mrSigner()),
                hex.toHexDigits(subject.attributes().flags())
                        + hex.toHexDigits(subject.attributes().xfrm()),
                0,
                0,
                issued ? "issued" : "refused",
                verdict.rule(),
                verdict.revision(),
                issue.source().id(),
                code(verdict, issue.answer()),
                reason(verdict, issue.answer()));
    }

    private static String code(PolicyVerdict verdict, Answer answer) {
        return switch (answer) {
            case Answer.Refused refused -> "LE_REFUSED";
            case Answer.Unavailable unavailable -> "LE_UNAVAILABLE";
            case Answer.Granted granted -> verdict.effect().code();
            case Answer.NotNeeded notNeeded -> verdict.effect().code();
        };
    }

    private static String reason(PolicyVerdict verdict, Answer answer) {
        return switch (answer) {
            case Answer.Refused refused -> "the launch enclave refuses with result " + refused.result();
            case Answer.Unavailable unavailable -> unavailable.reason();
            case Answer.Granted granted -> verdict.reason();
            case Answer.NotNeeded notNeeded -> verdict.reason();
        };
    }
}
