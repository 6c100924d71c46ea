package jsgx.driver;

import java.util.Optional;

/**
 * Why a call failed in the driver itself, rather than at the launch authority; where a leaf function failed, the enclave has its
 * {@link EnclaveInfo#lastOutcome} too.
 *
 * @param cause which rule of which call
 * @param result what the call returned
 * @param expected what the rule expects, for people
 * @param found what the call found, for people
 */
public record Refusal(Cause cause, long result, String expected, String found) {

    /** A rule of a call. Each call has an enum of them, in the order in which it looks at them. */
    public interface Cause {

        /** The enum constant's name. */
        String name();

        /** What the call returns: a negated errno, or a positive value that is no error code of a leaf function. */
        long result();

        /** The rule, as a sentence that is true when the call goes on. */
        String rule();
    }

    /** The errno that the call returned; empty where it returned a positive value. */
    public Optional<Errno> errno() {
        return Errno.of(result);
    }
}
