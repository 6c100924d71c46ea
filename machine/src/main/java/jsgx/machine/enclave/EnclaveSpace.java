package jsgx.machine.enclave;

import jsgx.arch.LinearMemory;
import jsgx.driver.AddressSpace;

/** An address space of the program in which enclaves execute. */
public interface EnclaveSpace extends AddressSpace, LinearMemory {

    /**
     * Makes the real protection of the pages between two addresses what their mapping and the EPCM allow now. The EPCM changed, by
     * EACCEPT or EMODPE, or an access was refused that both of them allow.
     */
    void refresh(long start, long end);

    /**
     * The protection that a page of a device's mapping really has in the process at the moment, of PROT_ bits: 0 where the process does not show it, which
     * says nothing of what is allowed.
     */
    int realProtection(long linear);

    /** A thread is inside an enclave from now on, whose range this is. */
    void entered(long base, long size);

    /** A thread has left an enclave. */
    void left(long base, long size);

    /**
     * Shows the program all ones in place of a page of an enclave, as a processor does: until a thread enters.
     *
     * @return false where that cannot be, as a thread is inside, or the program sees the page itself all the time
     */
    boolean showOnes(long linear);
}
