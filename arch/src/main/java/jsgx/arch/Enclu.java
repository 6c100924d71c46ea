package jsgx.arch;

import java.util.Objects;
import jsgx.arch.leaf.Eaccept;
import jsgx.arch.leaf.Eacceptcopy;
import jsgx.arch.leaf.Edeccssa;
import jsgx.arch.leaf.Eenter;
import jsgx.arch.leaf.Eexit;
import jsgx.arch.leaf.Egetkey;
import jsgx.arch.leaf.Emodpe;
import jsgx.arch.leaf.Ereport;
import jsgx.arch.leaf.Eresume;

/** The ENCLU instruction: a line for each leaf, with the operands that it takes in RBX, RCX and RDX. */
public final class Enclu {

    private Enclu() {}

    /**
     * Makes a report of the running enclave for another one.
     *
     * @param targetinfo the linear address of a TARGETINFO
     * @param reportdata the linear address of a REPORTDATA
     * @param output the linear address of the REPORT to write
     */
    public static Outcome ereport(LogicalProcessor lp, long targetinfo, long reportdata, long output) {
        return execute(lp, Leaf.EREPORT, targetinfo, reportdata, output);
    }

    /**
     * Derives a key for the running enclave.
     *
     * @param keyrequest the linear address of a KEYREQUEST
     * @param output the linear address of the 16 bytes to write
     */
    public static Outcome egetkey(LogicalProcessor lp, long keyrequest, long output) {
        return execute(lp, Leaf.EGETKEY, keyrequest, output, 0);
    }

    /**
     * Enters an enclave.
     *
     * @param tcs the linear address of a TCS
     * @param aep where an AEX goes
     */
    public static Outcome eenter(LogicalProcessor lp, long tcs, long aep) {
        return execute(lp, Leaf.EENTER, tcs, aep, 0);
    }

    /**
     * Enters an enclave again after an AEX.
     *
     * @param tcs the linear address of the TCS
     * @param aep where the next AEX goes
     */
    public static Outcome eresume(LogicalProcessor lp, long tcs, long aep) {
        return execute(lp, Leaf.ERESUME, tcs, aep, 0);
    }

    /**
     * Leaves the enclave.
     *
     * @param target where execution goes on
     */
    public static Outcome eexit(LogicalProcessor lp, long target) {
        return execute(lp, Leaf.EEXIT, target, 0, 0);
    }

    /**
     * Agrees to a change of a page.
     *
     * @param secinfo the linear address of a SECINFO that says what the page is now
     * @param page the linear address of the page
     */
    public static Outcome eaccept(LogicalProcessor lp, long secinfo, long page) {
        return execute(lp, Leaf.EACCEPT, secinfo, page, 0);
    }

    /**
     * Takes a new page and fills it.
     *
     * @param secinfo the linear address of a SECINFO with the page's permissions
     * @param target the linear address of the new page
     * @param source the linear address of the page to copy
     */
    public static Outcome eacceptcopy(LogicalProcessor lp, long secinfo, long target, long source) {
        return execute(lp, Leaf.EACCEPTCOPY, secinfo, target, source);
    }

    /**
     * Extends the permissions of a page.
     *
     * @param secinfo the linear address of a SECINFO with permissions to add
     * @param page the linear address of the page
     */
    public static Outcome emodpe(LogicalProcessor lp, long secinfo, long page) {
        return execute(lp, Leaf.EMODPE, secinfo, page, 0);
    }

    /** Goes back to the SSA frame below. */
    public static Outcome edeccssa(LogicalProcessor lp) {
        return execute(lp, Leaf.EDECCSSA, 0, 0, 0);
    }

    /**
     * Executes the ENCLU at RIP: the leaf that EAX selects, with the operands in the registers. Unless it faults, the registers
     * are then as after the instruction.
     */
    public static Outcome execute(LogicalProcessor lp) {
        return Instructions.execute(lp, Leaf.Instruction.ENCLU, Enclu::execute);
    }

    /**
     * Executes a leaf with its operands given directly. RAX and RFLAGS of the register file are not touched, but by the
     * leaves that enter or leave an enclave, which change registers as their manual pages say.
     */
    public static Outcome execute(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        try {
            Instructions.checkEnclu(lp, leaf);
            return switch (leaf) {
                case EENTER -> Eenter.run(lp, rbx, rcx);
                case ERESUME -> Eresume.run(lp, rbx, rcx);
                default -> inside(lp, mode(lp), leaf, rbx, rcx, rdx);
            };
        } catch (ProcessorFault fault) {
            return fault.outcome();
        }
    }

    private static Outcome inside(LogicalProcessor lp, EnclaveMode mode, Leaf leaf, long rbx, long rcx, long rdx) {
        return switch (leaf) {
            case EREPORT -> Ereport.run(lp, mode, rbx, rcx, rdx);
            case EGETKEY -> Egetkey.run(lp, mode, rbx, rcx);
            case EEXIT -> Eexit.run(lp, mode, rbx);
            case EACCEPT -> Eaccept.run(lp, mode, rbx, rcx);
            case EACCEPTCOPY -> Eacceptcopy.run(lp, mode, rbx, rcx, rdx);
            case EMODPE -> Emodpe.run(lp, mode, rbx, rcx);
            case EDECCSSA -> Edeccssa.run(lp, mode);
            default -> throw Instructions.noSuchLeaf(leaf);
        };
    }

    private static EnclaveMode mode(LogicalProcessor lp) {
        return Objects.requireNonNull(lp.enclaveMode(), "checked before");
    }
}
