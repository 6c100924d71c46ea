package jsgx.driver;

import jsgx.arch.Outcome;

/** How a launch that the authority allowed came out. */
public sealed interface Completion {

    /** What the call returns. */
    long result();

    /**
     * EINIT was executed.
     *
     * @param outcome what the last EINIT of the call did
     */
    record Executed(long result, Outcome outcome) implements Completion {}

    /**
     * EINIT was not executed after all.
     *
     * @param reason why, for people
     */
    record NotExecuted(long result, String reason) implements Completion {}
}
