package jsgx.arch;

import jsgx.arch.leaf.Eadd;
import jsgx.arch.leaf.Ecreate;
import jsgx.arch.leaf.Eextend;
import jsgx.arch.leaf.Einit;

/** The ENCLS instruction: a line for each leaf, with the operands that it takes in RBX, RCX and RDX. */
public final class Encls {

    private Encls() {}

    /**
     * Creates an enclave.
     *
     * @param pageinfo the linear address of a PAGEINFO
     * @param epcPage the linear address of the EPC page that becomes the SECS
     */
    public static Outcome ecreate(LogicalProcessor lp, long pageinfo, long epcPage) {
        return execute(lp, Leaf.ECREATE, pageinfo, epcPage, 0);
    }

    /**
     * Adds a page to an uninitialised enclave.
     *
     * @param pageinfo the linear address of a PAGEINFO
     * @param epcPage the linear address of the destination
     */
    public static Outcome eadd(LogicalProcessor lp, long pageinfo, long epcPage) {
        return execute(lp, Leaf.EADD, pageinfo, epcPage, 0);
    }

    /**
     * Measures 256 bytes of a page.
     *
     * @param secs the linear address of the page's SECS
     * @param chunk the linear address of the chunk in the EPC
     */
    public static Outcome eextend(LogicalProcessor lp, long secs, long chunk) {
        return execute(lp, Leaf.EEXTEND, secs, chunk, 0);
    }

    /**
     * Makes an enclave ready to execute.
     *
     * @param sigstruct the linear address of a SIGSTRUCT
     * @param secs the linear address of the enclave's SECS
     * @param token the linear address of an EINITTOKEN
     */
    public static Outcome einit(LogicalProcessor lp, long sigstruct, long secs, long token) {
        return execute(lp, Leaf.EINIT, sigstruct, secs, token);
    }

    /** Executes a leaf with its operands given directly; RAX and RFLAGS of the register file are not touched. */
    public static Outcome execute(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        try {
            Instructions.checkEncls(lp, leaf);
            return switch (leaf) {
                case ECREATE -> Ecreate.run(lp, rbx, rcx);
                case EADD -> Eadd.run(lp, rbx, rcx);
                case EINIT -> Einit.run(lp, rbx, rcx, rdx);
                case EEXTEND -> Eextend.run(lp, rbx, rcx);
                default -> throw Instructions.noSuchLeaf(leaf);
            };
        } catch (ProcessorFault fault) {
            return fault.outcome();
        }
    }
}
