package jsgx.driver.mainline;

import jsgx.driver.IoctlNumber;

/** SGX_IOC_VEPC_REMOVE_ALL: EREMOVEs every page of a virtual EPC, as a virtual machine's reboot needs. */
public final class VepcRemoveAll {

    /** The request number. */
    public static final int CMD = IoctlNumber.io(0x04);

    private VepcRemoveAll() {}
}
