package jsgx.machine.sgx;

/** The threads of an address space, for the drivers, which make them leave their enclaves. */
@FunctionalInterface
public interface EnclaveThreads {

    /** Makes every thread that is inside an enclave whose range meets these addresses leave it once, and returns when all have. */
    void evict(long start, long end);
}
