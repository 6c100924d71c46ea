package jsgx.driver;

/** What a launch authority says to a launch that is over: whether the enclave may live. */
public sealed interface Fate {

    /** The enclave stays as EINIT left it. */
    static Fate keep() {
        return Keep.INSTANCE;
    }

    /** The enclave is torn down and the call returns this result, a negated errno or a positive code. */
    static Fate tearDown(long result, String reason) {
        return new TearDown(result, reason);
    }

    /** The enclave stays as EINIT left it. */
    record Keep() implements Fate {
        private static final Keep INSTANCE = new Keep();
    }

    /**
     * The enclave is torn down, whether EINIT succeeded or not: before the call returns, its threads have left it and all its EPC
     * pages are free. What is left behaves as after a power loss: the older interfaces' requests return 0x40000000, mainline's
     * -EINVAL, -EFAULT or -EIO, and an access to a page is SIGBUS.
     *
     * @param result what the call returns
     * @param reason why, for people
     */
    record TearDown(long result, String reason) implements Fate {}
}
