package jsgx.driver.legacy;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;

/** copy_from_user where a driver returns its result, the number of bytes that were not copied, to the process as it is. */
final class PartialCopy {

    private PartialCopy() {}

    static MemorySegment read(AddressSpace caller, long address, int size, Refusal.Cause cause) throws Refused {
        MemorySegment copy = MemorySegment.ofArray(new byte[size]);
        read(caller, address, copy, cause);
        return copy;
    }

    static void read(AddressSpace caller, long address, MemorySegment to, Refusal.Cause cause) throws Refused {
        long missing = caller.copyFromUser(address, to);
        if (missing != 0) {
            throw new Refused(cause, missing, to.byteSize() + " readable bytes", "0x" + Long.toHexString(address));
        }
    }
}
