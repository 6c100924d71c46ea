package jsgx.driver;

/**
 * Why a call failed in the driver itself, rather than in a leaf function or at the launch authority.
 *
 * @param cause which rule of which call
 * @param expected what the rule expects, for people
 * @param found what the call found, for people
 */
public record Refusal(Cause cause, String expected, String found) {

    /** A rule of a call. Each call has an enum of them, in the order in which it looks at them. */
    public interface Cause {

        /** The enum constant's name. */
        String name();

        /** What the call returns. */
        Errno errno();

        /** The rule, as a sentence that is true when the call goes on. */
        String rule();
    }
}
