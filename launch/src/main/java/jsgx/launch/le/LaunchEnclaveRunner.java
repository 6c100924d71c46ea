package jsgx.launch.le;

import jsgx.driver.SgxDriver;
import jsgx.launch.load.EnclaveLostException;

/**
 * The port that runs a launch enclave: loads it through the driver's own file, which asks no launch authority, and enters it.
 */
public interface LaunchEnclaveRunner {

    /**
     * Builds and initialises a launch enclave.
     *
     * @throws LaunchEnclaveException where it does not start
     */
    Running start(LaunchEnclave enclave, SgxDriver driver) throws LaunchEnclaveException;

    /** A launch enclave that is initialised. */
    interface Running extends AutoCloseable {

        /**
         * Enters it with a request. Threads that ask at once wait for each other: it has one TCS.
         *
         * @throws EnclaveLostException where it runs no more and must be started again
         */
        LeAnswer ask(LeRequest request) throws EnclaveLostException;

        /** Takes it down. */
        @Override
        void close();
    }
}
