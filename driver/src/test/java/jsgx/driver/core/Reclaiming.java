package jsgx.driver.core;

import jsgx.driver.EnclaveInfo;

/** A reclaimer that is stopped half-way, so that a test meets what others only meet in a race. */
public final class Reclaiming {

    private Reclaiming() {}

    /** A page of an enclave as the reclaimer has it after its scan: others see that it is on its way out. */
    public static void begin(EnclaveInfo info, long address) {
        Enclave enclave = (Enclave) info;
        enclave.paging().beginReclaim(address);
    }

    /** All pages that could be reclaimed as the reclaimer has them before it looked whether they are young. */
    public static void isolateAll(Kernel kernel) {
        kernel.pages().isolate(new int[kernel.pages().total()]);
    }
}
