package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.hex;

import java.lang.foreign.MemorySegment;
import java.util.List;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Fault;
import jsgx.arch.LinearMemory;
import jsgx.arch.LinearMemory.PageFaultException;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;

/**
 * Access to memory by ordinary instructions, inside an enclave and outside (SDM 3D, "Access-control Requirements"): the EPCM
 * on top of the page tables, and the abort page for all who have no business in the EPC.
 */
public final class EnclaveAccess {

    /** What an instruction does with memory. */
    public enum Kind {
        READ(LinearMemory.PROT_READ, 0),
        WRITE(LinearMemory.PROT_WRITE, Fault.PF_WRITE),
        FETCH(LinearMemory.PROT_EXEC, Fault.PF_FETCH);

        private final int protection;
        private final int faultCode;

        Kind(int protection, int faultCode) {
            this.protection = protection;
            this.faultCode = faultCode;
        }
    }

    /** What an access comes to. */
    public sealed interface Result {

        /**
         * The access goes through.
         *
         * @param memory the bytes; those of the abort page read as all ones, and what is written to them is lost
         */
        record Granted(MemorySegment memory) implements Result {}

        /**
         * The access faults.
         *
         * @param fault what the processor raises
         * @param why what forbids it, for people
         */
        record Refused(Fault fault, String why) implements Result {}
    }

    private static final List<PageCondition> READABLE = conditions(PageCondition.R);
    private static final List<PageCondition> WRITABLE = conditions(PageCondition.W);
    private static final List<PageCondition> EXECUTABLE = conditions(PageCondition.X);

    private EnclaveAccess() {}

    /**
     * An access to memory that lies within one page.
     *
     * @param linear the linear address of the first byte
     * @param size how many bytes
     */
    public static Result access(LogicalProcessor lp, long linear, int size, Kind kind) {
        int offset = (int) (linear & (Epc.PAGE_SIZE - 1));
        if (size < 1 || offset + size > Epc.PAGE_SIZE) {
            throw new IllegalArgumentException("%d bytes at 0x%x are not in one page".formatted(size, linear));
        }
        if (!Operands.isCanonical(linear)) {
            return new Result.Refused(Fault.gp(), "the address is not canonical");
        }
        EnclaveMode mode = lp.enclaveMode();
        boolean inElrange = mode != null && mode.inElrange(linear, size);
        if (mode != null && kind == Kind.FETCH && !inElrange) {
            return new Result.Refused(Fault.gp(), "an enclave executes code of ELRANGE only");
        }
        int page = lp.memory().epcPage(linear);
        if (page == LinearMemory.UNMAPPED) {
            return unmapped(lp, linear, kind, 0);
        }
        if (page >= 0 && !lp.memory().permits(linear, kind.protection)) {
            return unmapped(lp, linear, kind, Fault.PF_PRESENT);
        }
        if (mode != null && inElrange) {
            return page < 0
                    ? refused(lp, linear, kind, "an address in ELRANGE leads to no EPC page")
                    : enclavePage(lp, mode, page, linear, offset, size, kind);
        }
        return page < 0 ? ordinary(lp, linear, size, kind) : abortPage(size);
    }

    private static Result enclavePage(
            LogicalProcessor lp, EnclaveMode mode, int page, long linear, int offset, int size, Kind kind) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        List<PageCondition> conditions = switch (kind) {
            case READ -> READABLE;
            case WRITE -> WRITABLE;
            case FETCH -> EXECUTABLE;
        };
        for (PageCondition condition : conditions) {
            if (!condition.holds(epcm, page, linear, mode.secs())) {
                return refused(lp, linear, kind, condition.found(epcm, page));
            }
        }
        return new Result.Granted(cpu.epc().page(page).asSlice(offset, size));
    }

    /** A fault that the EPCM raises: of its own kind from SGX2 on, a general protection fault before. */
    private static Result refused(LogicalProcessor lp, long linear, Kind kind, String why) {
        if (!lp.processorPackage().features().sgx2()) {
            return new Result.Refused(Fault.gp(), why);
        }
        return new Result.Refused(Fault.pf(linear, kind.faultCode | Fault.PF_PRESENT | Fault.PF_SGX | user(lp)), why);
    }

    private static Result unmapped(LogicalProcessor lp, long linear, Kind kind, int present) {
        return new Result.Refused(
                Fault.pf(linear, kind.faultCode | present | user(lp)),
                "the page tables do not allow it at " + hex(linear));
    }

    private static Result ordinary(LogicalProcessor lp, long linear, int size, Kind kind) {
        try {
            return new Result.Granted(lp.memory().ordinary(linear, size, kind == Kind.WRITE));
        } catch (PageFaultException e) {
            return unmapped(lp, linear, kind, e.errorCode() & Fault.PF_PRESENT);
        }
    }

    private static Result abortPage(int size) {
        return new Result.Granted(MemorySegment.ofArray(new byte[size]).fill((byte) 0xff));
    }

    private static int user(LogicalProcessor lp) {
        return lp.cpl() == 3 ? Fault.PF_USER : 0;
    }

    private static List<PageCondition> conditions(PageCondition permission) {
        return List.of(
                PageCondition.VALID,
                PageCondition.NOT_BLOCKED,
                PageCondition.PT_REG,
                PageCondition.OWN_SECS,
                PageCondition.ENCLAVEADDRESS,
                PageCondition.NOT_PENDING,
                PageCondition.NOT_MODIFIED,
                permission);
    }
}
