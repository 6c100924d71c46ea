package jsgx.launch.audit;

import java.time.Instant;
import java.util.Locale;
import java.util.function.Predicate;

/**
 * Which events of an audit trail to show: those that agree with all that is said. An empty string says nothing.
 *
 * @param since not before
 * @param until not after
 * @param id of the launch
 * @param kind {@code intent}, {@code outcome}, {@code token}, {@code policy}, {@code revocation} or {@code administration}
 * @param workload whose
 * @param enclave how MRENCLAVE begins, in hex
 * @param signer how MRSIGNER begins, in hex
 * @param verdict as recorded
 * @param rule as recorded
 * @param code as recorded
 */
public record AuditQuery(
        Instant since,
        Instant until,
        String id,
        String kind,
        String workload,
        String enclave,
        String signer,
        String verdict,
        String rule,
        String code)
        implements Predicate<AuditEvent> {

    /** All events. */
    public static final AuditQuery ALL = new AuditQuery(Instant.MIN, Instant.MAX, "", "", "", "", "", "", "", "");

    @Override
    public boolean test(AuditEvent event) {
        return !event.time().isBefore(since)
                && !event.time().isAfter(until)
                && agrees(id, event.id())
                && agrees(kind.toUpperCase(Locale.ROOT), event.kind().name())
                && agrees(workload, event.workload())
                && event.mrEnclave().startsWith(enclave.toLowerCase(Locale.ROOT))
                && event.mrSigner().startsWith(signer.toLowerCase(Locale.ROOT))
                && agrees(verdict, event.verdict())
                && agrees(rule, event.rule())
                && agrees(code, event.code());
    }

    private static boolean agrees(String asked, String found) {
        return asked.isEmpty() || asked.equals(found);
    }
}
