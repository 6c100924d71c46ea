package jsgx.driver;

/**
 * The port that says who may launch. The driver asks it before each EINIT, with no lock held and no logical processor
 * taken, so that it may take its time; it is called from many threads at once.
 *
 * <p>Each {@link Decision.Allow} is followed by exactly one {@link #complete}. A launch that completed with result 0 after EINIT
 * was executed, and that was kept, is followed by one {@link #released} when the enclave is gone, and never by one before
 * {@link #complete} has returned. An enclave that {@link #complete} tears down is gone when the call returns; no
 * {@link #released} tells of it.
 */
public interface LaunchAuthority {

    /** Lets everything launch and has no tokens. */
    LaunchAuthority ALLOW_ALL = request -> Decision.allow();

    /** Decides on a launch. Where it throws, nothing is launched, and the call throws the same. */
    Decision decide(LaunchRequest request);

    /**
     * Is told how an allowed launch came out, and says whether the enclave may live. Where it throws, the enclave is torn down,
     * and the call throws the same.
     */
    default Fate complete(LaunchRequest request, Completion completion) {
        return Fate.keep();
    }

    /** Tells that an enclave that was launched no longer exists. */
    default void released(long enclave, Workload workload) {}

    /** Tells that the EPC's content was lost, a launch enclave with it. Called with no lock held. */
    default void powerLost() {}
}
