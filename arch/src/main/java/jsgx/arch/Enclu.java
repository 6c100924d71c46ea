package jsgx.arch;

import java.util.Objects;
import jsgx.arch.leaf.Eenter;
import jsgx.arch.leaf.Eexit;
import jsgx.arch.leaf.Egetkey;
import jsgx.arch.leaf.Ereport;

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
     * Leaves the enclave.
     *
     * @param target where execution goes on
     */
    public static Outcome eexit(LogicalProcessor lp, long target) {
        return execute(lp, Leaf.EEXIT, target, 0, 0);
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
            default -> throw Instructions.noSuchLeaf(leaf);
        };
    }

    private static EnclaveMode mode(LogicalProcessor lp) {
        return Objects.requireNonNull(lp.enclaveMode(), "checked before");
    }
}
