package jsgx.driver.mainline;

import jsgx.arch.epc.Epc;
import jsgx.driver.Refusal;
import jsgx.driver.core.Enclave;
import jsgx.driver.core.Refused;

/** The range of pages that a request names by offset and length. */
final class PageRange {

    private PageRange() {}

    /** Goes on only for whole pages, at least one, inside the enclave. */
    static void check(Enclave enclave, long offset, long length, Refusal.Cause cause) throws Refused {
        boolean aligned = offset % Epc.PAGE_SIZE == 0 && length % Epc.PAGE_SIZE == 0 && length != 0;
        long last = offset + length - Epc.PAGE_SIZE;
        boolean inside =
                Long.compareUnsigned(offset + length, offset) >= 0 && Long.compareUnsigned(last, enclave.size()) < 0;
        Refused.unless(
                aligned && inside,
                cause,
                "whole pages in an enclave of 0x" + Long.toHexString(enclave.size()) + " bytes",
                "offset 0x%x, length 0x%x".formatted(offset, length));
    }
}
