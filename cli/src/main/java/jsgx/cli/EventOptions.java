package jsgx.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.InstantSource;
import jsgx.launch.audit.AuditEvent;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose events of an audit trail, of one host or of a fleet. */
final class EventOptions {

    @Option(
            names = "--since",
            paramLabel = "T",
            description = "Not before: 2026-01-31T08:00:00Z, or 24h for a day ago.")
    private String since = "";

    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description = "intent, outcome, token, policy, revocation or administration.")
    private AuditEvent.@Nullable Kind kind;

    @Option(names = "--workload", paramLabel = "NAME", description = "Whose launch, or who acted.")
    private String workload = "";

    @Option(names = "--enclave", paramLabel = "HEX", description = "How MRENCLAVE begins.")
    private String enclave = "";

    @Option(names = "--signer", paramLabel = "HEX", description = "How MRSIGNER begins.")
    private String signer = "";

    @Option(
            names = "--verdict",
            paramLabel = "V",
            description = "allow, warn or refuse; of an outcome launched or refused.")
    private String verdict = "";

    /** Not before; {@link Instant#MIN} where nothing is said. */
    Instant since(InstantSource clock) throws BadInput {
        return since.isEmpty() ? Instant.MIN : time("--since", since, clock);
    }

    /** The name of the kind; empty where nothing is said, as of all that follow. */
    String kind() {
        return kind == null ? "" : kind.name();
    }

    String workload() {
        return workload;
    }

    String enclave() {
        return enclave;
    }

    String signer() {
        return signer;
    }

    String verdict() {
        return verdict;
    }

    /** A time that an option says: an instant, or how long ago. */
    static Instant time(String option, String text, InstantSource clock) throws BadInput {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            try {
                return clock.instant().minus(new Lives().convert(text));
            } catch (TypeConversionException | DateTimeException | ArithmeticException other) {
                throw new BadInput(
                        "%s: \"%s\" is no time: expected one such as 2026-01-31T08:00:00Z, or 24h for a day ago"
                                .formatted(option, Text.printable(text)));
            }
        }
    }
}
