package jsgx.driver.core;

import java.lang.foreign.MemorySegment;
import jsgx.driver.AddressSpace;
import jsgx.driver.Refusal;

/** copy_from_user and copy_to_user of whole structures. */
public final class UserMemory {

    private UserMemory() {}

    /** A copy of a structure of the process; the cause where it cannot be read. */
    public static MemorySegment read(AddressSpace caller, long address, int size, Refusal.Cause cause) throws Refused {
        MemorySegment copy = MemorySegment.ofArray(new byte[size]);
        long missing = caller.copyFromUser(address, copy);
        Refused.unless(missing == 0, cause, size + " readable bytes", address);
        return copy;
    }

    /** Copies a structure back to the process; the cause where it cannot be written. */
    public static void write(AddressSpace caller, long address, MemorySegment structure, Refusal.Cause cause)
            throws Refused {
        long missing = caller.copyToUser(structure, address);
        Refused.unless(missing == 0, cause, structure.byteSize() + " writable bytes", address);
    }
}
