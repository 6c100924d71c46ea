package jsgx.driver;

/**
 * The port that says who may launch. The driver asks it before each EINIT, with no lock held and no logical processor
 * taken, so that it may take its time; it is called from many threads at once.
 *
 * <p>Each {@link Decision.Allow} is followed by exactly one {@link #complete}. A launch that completed with result 0 is
 * followed by one {@link #released} when the enclave is gone.
 */
public interface LaunchAuthority {

    /** Lets everything launch and has no tokens. */
    LaunchAuthority ALLOW_ALL = request -> Decision.allow();

    /** Decides on a launch. */
    Decision decide(LaunchRequest request);

    /** Tells how an allowed launch came out. */
    default void complete(LaunchRequest request, Completion completion) {}

    /** Tells that an enclave that was launched no longer exists. */
    default void released(long enclave, Workload workload) {}

    /** Tells that the EPC's content was lost, a launch enclave with it. Called with no lock held. */
    default void powerLost() {}
}
