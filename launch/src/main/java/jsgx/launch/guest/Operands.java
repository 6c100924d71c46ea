package jsgx.launch.guest;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LinearMemory;
import jsgx.arch.LinearMemory.PageFaultException;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorFault;
import jsgx.launch.guest.ExitCheck.Kind;

/** How the hypervisor reaches the operands of an ENCLS that exited: by the virtual machine's own page tables, with its own faults. */
record Operands(LogicalProcessor lp, Leaf leaf) {

    private static final int SIGN = 47;

    ProcessorFault gp(Kind kind, String expected, String found) {
        return new ProcessorFault(new ExitCheck(leaf, kind), Fault.gp(), expected, found);
    }

    private ProcessorFault pf(Kind kind, long address, int code) {
        return new ProcessorFault(
                new ExitCheck(leaf, kind),
                Fault.pf(address, code),
                "a mapping",
                "none at 0x" + Long.toHexString(address));
    }

    /** sgx_get_encls_gva. */
    void check(long address, int alignment) {
        if ((address & (alignment - 1)) != 0) {
            throw gp(Kind.ALIGNED, "a multiple of " + alignment, "0x" + Long.toHexString(address));
        }
        long high = address >> SIGN;
        if (lp.mode64() && high != 0 && high != -1) {
            throw gp(Kind.CANONICAL, "a canonical address", "0x" + Long.toHexString(address));
        }
    }

    /** A copy, which the virtual machine cannot change any more. What lies in the EPC reads as all ones. */
    MemorySegment copy(long address, int size) {
        MemorySegment copy = MemorySegment.ofArray(new byte[size]);
        if (lp.memory().epcPage(address) >= 0) {
            return copy.fill((byte) 0xff);
        }
        try {
            return copy.copyFrom(lp.memory().ordinary(address, size, false));
        } catch (PageFaultException e) {
            throw pf(Kind.MAPPED, e.address(), e.errorCode());
        }
    }

    /** The host's EPC page of an operand; {@link LinearMemory#ORDINARY} where ordinary memory is mapped there. */
    int epcPage(long address) {
        int page = lp.memory().epcPage(address);
        if (page == LinearMemory.UNMAPPED) {
            throw pf(Kind.MAPPED, address, Fault.PF_WRITE);
        }
        return page;
    }
}
