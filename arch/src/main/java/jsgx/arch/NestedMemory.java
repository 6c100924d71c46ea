package jsgx.arch;

import java.lang.foreign.MemorySegment;

/** The address space of software in a virtual machine, behind its extended page tables. */
record NestedMemory(LinearMemory guest, NonRoot nonRoot) implements LinearMemory {

    @Override
    public int epcPage(long linear) {
        int page = guest.epcPage(linear);
        return page < 0 ? page : nonRoot.epcPage(page);
    }

    @Override
    public boolean permits(long linear, int protection) {
        return guest.permits(linear, protection);
    }

    @Override
    public MemorySegment ordinary(long linear, long size, boolean write) throws PageFaultException {
        return guest.ordinary(linear, size, write);
    }
}
