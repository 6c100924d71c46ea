package jsgx.driver.mainline;

import jsgx.driver.core.Kernel;

/** Which attributes an enclave may have: what this processor has, and what its creator was allowed. */
final class Attributes {

    private static final long UNPRIVILEGED = jsgx.arch.struct.Attributes.DEBUG
            | jsgx.arch.struct.Attributes.MODE64BIT
            | jsgx.arch.struct.Attributes.KSS
            | jsgx.arch.struct.Attributes.AEXNOTIFY;

    /** SGX_ATTR_RESERVED_MASK: bits 3, 6, 8, 9 and from 11 on, which this driver does not know. */
    private static final long UNKNOWN = 1L << 3 | 1L << 6 | 1L << 8 | 1L << 9 | -1L << 11;

    private static final int MISC_UNKNOWN = ~1;

    private final Kernel kernel;
    private long allowed = UNPRIVILEGED;

    Attributes(Kernel kernel) {
        this.kernel = kernel;
    }

    /** The bits of ATTRIBUTES.FLAGS that EINIT may find. */
    long allowed() {
        return allowed;
    }

    /** SGX_IOC_ENCLAVE_CREATE begins anew. */
    void reset() {
        allowed = UNPRIVILEGED;
    }

    void allow(long bits) {
        allowed |= bits;
    }

    /** sgx_attributes_reserved_mask. */
    long reservedFlags() {
        return ~kernel.features().attributesMask() | UNKNOWN;
    }

    /** sgx_misc_reserved_mask. */
    int reservedMisc() {
        return ~kernel.features().miscSelect() | MISC_UNKNOWN;
    }

    /** sgx_xfrm_reserved_mask. */
    long reservedXfrm() {
        return ~kernel.features().xfrm();
    }
}
