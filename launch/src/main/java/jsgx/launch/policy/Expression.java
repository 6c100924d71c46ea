package jsgx.launch.policy;

/** A condition in a language of its own. */
interface Expression {

    /** As the file has it. */
    String text();

    /** Whether its outcome may depend on what is not known when a token is asked for: {@link PolicySubject#ofToken}. */
    boolean needsMoreThanToken();

    /**
     * Whether it holds for an enclave.
     *
     * @param ifFails what to say where it cannot be evaluated
     */
    boolean holds(PolicySubject subject, boolean ifFails);

    /** Why it cannot be evaluated for an enclave; empty where it can. */
    String failure(PolicySubject subject);

    /** What comes out, for people. */
    default String outcome(PolicySubject subject) {
        String failure = failure(subject);
        return failure.isEmpty() ? Boolean.toString(holds(subject, false)) : "it fails: " + failure;
    }
}
