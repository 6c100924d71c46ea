package jsgx.host.feed;

import java.time.Instant;
import java.util.List;

/**
 * A launch that is over, or a token that was issued to user space or refused.
 *
 * @param number counts the entries of this process, from 1
 * @param id as in the audit trail
 * @param time when it ended
 * @param workload whose
 * @param pid the process; 0 where that is not known
 * @param via the driver's interface in lower case, or {@code aesm}
 * @param mrEnclave lower-case hex
 * @param mrSigner lower-case hex
 * @param product SIGSTRUCT.ISVPRODID; {@link #UNKNOWN} for a token, whose request does not say
 * @param svn SIGSTRUCT.ISVSVN, likewise
 * @param verdict {@code launched}, {@code issued} or {@code refused}
 * @param stage who decided, in lower case
 * @param code what it ended with, as in the JSON of a launch
 * @param rule the rule that decided
 * @param reason why, in one line; empty for a success
 * @param tokenSource where the token came from
 * @param micros how long it took
 * @param revision the revision that it was judged under
 * @param headline of the explanation of a refusal; empty where there is none
 * @param facts the rest of that explanation
 */
public record FeedEntry(
        long number,
        String id,
        Instant time,
        String workload,
        int pid,
        String via,
        String mrEnclave,
        String mrSigner,
        int product,
        int svn,
        String verdict,
        String stage,
        String code,
        String rule,
        String reason,
        String tokenSource,
        Micros micros,
        long revision,
        String headline,
        List<Fact> facts) {

    /** A number that nobody told. */
    public static final int UNKNOWN = -1;

    public FeedEntry {
        facts = List.copyOf(facts);
    }

    /**
     * Where the time of a launch went, in microseconds.
     *
     * @param policy to judge
     * @param token to get the token
     * @param audit to record it
     * @param einit from the decision to EINIT's end
     */
    public record Micros(double policy, double token, double audit, double einit) {

        /** All together. */
        public double total() {
            return policy + token + audit + einit;
        }
    }

    /** A part of an explanation, as the command line shows it. */
    public record Fact(String label, String value) {}
}
