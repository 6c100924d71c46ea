package jsgx.arch.leaf;

import java.lang.foreign.MemorySegment;
import jsgx.arch.AccessCheck;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Fault;
import jsgx.arch.LeafCheck;
import jsgx.arch.LinearMemory;
import jsgx.arch.LinearMemory.PageFaultException;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorFault;
import jsgx.arch.epc.Epc;

/**
 * How a leaf reaches its operands, and the faults on the way. Ordinary operands that turn out to lie in the EPC follow the
 * abort-page rule: reads give all ones, writes are dropped.
 */
final class Operands {

    private static final MemorySegment ABORT_PAGE =
            MemorySegment.ofArray(new byte[Epc.PAGE_SIZE]).fill((byte) 0xff).asReadOnly();

    private Operands() {}

    static ProcessorFault gp(LeafCheck check, String expected, String found) {
        return new ProcessorFault(check, Fault.gp(), expected, found);
    }

    /** A page fault that the EPCM or the lack of an EPC page raises. */
    static ProcessorFault pf(LogicalProcessor lp, LeafCheck check, long address, String expected, String found) {
        return pf(lp, check, address, false, expected, found);
    }

    /** A page fault that the EPCM or the lack of an EPC page raises, for an operand that is perhaps written. */
    static ProcessorFault pf(
            LogicalProcessor lp, LeafCheck check, long address, boolean write, String expected, String found) {
        int code = Fault.PF_PRESENT
                | (write ? Fault.PF_WRITE : 0)
                | (lp.cpl() == 3 ? Fault.PF_USER : 0)
                | (lp.processorPackage().features().sgx2() ? Fault.PF_SGX : 0);
        return new ProcessorFault(check, Fault.pf(address, code), expected, found);
    }

    static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    /** A count of threads, for people. */
    static String threads(int count) {
        return count == 1 ? "1 thread" : count + " threads";
    }

    /** #GP(0) where the address is not a multiple of the alignment, a power of two. */
    static void aligned(long address, int alignment, LeafCheck check) {
        if ((address & (alignment - 1)) != 0) {
            throw gp(check, "a multiple of " + alignment, hex(address));
        }
    }

    /** #GP(0) where an address is outside CR_ELRANGE. */
    static void inElrange(EnclaveMode mode, long address, LeafCheck check) {
        if (!mode.inElrange(address, 1)) {
            throw gp(
                    check,
                    hex(mode.elrangeBase()) + " to " + hex(mode.elrangeBase() + mode.elrangeSize() - 1),
                    hex(address));
        }
    }

    /** The EPC page at a linear address; #PF(address) where there is none. */
    static int epcPage(LogicalProcessor lp, long address, LeafCheck check) {
        return epcPage(lp, address, false, check);
    }

    private static int epcPage(LogicalProcessor lp, long address, boolean write, LeafCheck check) {
        int page = lp.memory().epcPage(address);
        if (page < 0) {
            requireCanonical(address, check);
            if (page == LinearMemory.UNMAPPED) {
                throw unmapped(lp, check, address, write ? Fault.PF_WRITE : 0);
            }
            throw pf(lp, check, address, write, "an address in the EPC", hex(address));
        }
        return page;
    }

    /** The EPC page at a linear address that the enclave's own page tables must let it use; #PF(address) otherwise. */
    static int enclavePage(LogicalProcessor lp, long address, boolean write, LeafCheck check) {
        int page = epcPage(lp, address, write, check);
        int needed = write ? LinearMemory.PROT_READ | LinearMemory.PROT_WRITE : LinearMemory.PROT_READ;
        if (!lp.memory().permits(address, needed)) {
            throw unmapped(lp, check, address, Fault.PF_PRESENT | (write ? Fault.PF_WRITE : 0));
        }
        return page;
    }

    /** #GP(0) where an address is not canonical. */
    static void canonical(long address, LeafCheck check) {
        if (!isCanonical(address)) {
            throw gp(check, "a canonical address", hex(address));
        }
    }

    /** Ordinary memory to read. */
    static MemorySegment read(LogicalProcessor lp, long address, long size, LeafCheck check) {
        if (lp.memory().epcPage(address) >= 0) {
            return ABORT_PAGE.asSlice(0, size);
        }
        return ordinary(lp, address, size, false, check);
    }

    /** Ordinary memory to write. */
    static MemorySegment write(LogicalProcessor lp, long address, long size, LeafCheck check) {
        if (lp.memory().epcPage(address) >= 0) {
            return MemorySegment.ofArray(new byte[(int) size]);
        }
        return ordinary(lp, address, size, true, check);
    }

    private static MemorySegment ordinary(
            LogicalProcessor lp, long address, long size, boolean write, LeafCheck check) {
        try {
            return lp.memory().ordinary(address, size, write);
        } catch (PageFaultException e) {
            requireCanonical(address, check);
            throw unmapped(lp, check, e.address(), e.errorCode());
        }
    }

    private static void requireCanonical(long address, LeafCheck check) {
        if (!isCanonical(address)) {
            throw gp(
                    new AccessCheck(check.leaf(), AccessCheck.Kind.CANONICAL),
                    "a canonical address (" + check.rule() + ")",
                    hex(address));
        }
    }

    private static ProcessorFault unmapped(LogicalProcessor lp, LeafCheck check, long address, int errorCode) {
        return new ProcessorFault(
                new AccessCheck(check.leaf(), AccessCheck.Kind.MAPPED),
                Fault.pf(address, errorCode | (lp.cpl() == 3 ? Fault.PF_USER : 0)),
                "a mapped address (" + check.rule() + ")",
                hex(address));
    }

    /** Whether bits 63 to 47 are all the same. */
    static boolean isCanonical(long address) {
        long high = address >> 47;
        return high == 0 || high == -1;
    }
}
