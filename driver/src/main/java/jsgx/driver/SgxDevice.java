package jsgx.driver;

/** A device file that a driver offers. */
public interface SgxDevice {

    /** Where it appears, {@code /dev/sgx_enclave} for one. */
    String path();

    /** Whether it appears at all on this machine. */
    Availability availability();

    /**
     * Opens it.
     *
     * @param workload whom enclaves built through this file are charged to
     * @throws DeviceAbsentException where the device is not there
     */
    DeviceFile open(Workload workload) throws DeviceAbsentException;
}
