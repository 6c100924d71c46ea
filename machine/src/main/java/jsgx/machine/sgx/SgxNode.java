package jsgx.machine.sgx;

import jsgx.driver.DeviceAbsentException;
import jsgx.driver.Workload;

/** A device that a run shows. */
public interface SgxNode {

    /** Where it appears, {@code /dev/sgx_enclave} for one. */
    String path();

    /** Whether it is there. */
    boolean isPresent();

    /**
     * Opens it.
     *
     * @param workload whom the enclaves of the file are charged to, where nobody else has decided that
     */
    SgxFile open(Workload workload) throws DeviceAbsentException;
}
