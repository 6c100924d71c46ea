package jsgx.arch;

import jsgx.arch.leaf.Eadd;
import jsgx.arch.leaf.Eaug;
import jsgx.arch.leaf.Eblock;
import jsgx.arch.leaf.Ecreate;
import jsgx.arch.leaf.Edbgrd;
import jsgx.arch.leaf.Edbgwr;
import jsgx.arch.leaf.Eextend;
import jsgx.arch.leaf.Einit;
import jsgx.arch.leaf.Eld;
import jsgx.arch.leaf.Emodpr;
import jsgx.arch.leaf.Emodt;
import jsgx.arch.leaf.Epa;
import jsgx.arch.leaf.Erdinfo;
import jsgx.arch.leaf.Eremove;
import jsgx.arch.leaf.Etrack;
import jsgx.arch.leaf.Etrackc;
import jsgx.arch.leaf.Eupdatesvn;
import jsgx.arch.leaf.Ewb;

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

    /**
     * Marks a page as blocked.
     *
     * @param epcPage the linear address of the page
     */
    public static Outcome eblock(LogicalProcessor lp, long epcPage) {
        return execute(lp, Leaf.EBLOCK, 0, epcPage, 0);
    }

    /**
     * Begins a tracking cycle.
     *
     * @param secs the linear address of the enclave's SECS
     */
    public static Outcome etrack(LogicalProcessor lp, long secs) {
        return execute(lp, Leaf.ETRACK, 0, secs, 0);
    }

    /**
     * Begins a tracking cycle of the enclave to which a page belongs.
     *
     * @param epcPage the linear address of the page, or of the SECS
     */
    public static Outcome etrackc(LogicalProcessor lp, long epcPage) {
        return execute(lp, Leaf.ETRACKC, 0, epcPage, 0);
    }

    /**
     * Takes a page out of the EPC.
     *
     * @param pageinfo the linear address of a PAGEINFO
     * @param epcPage the linear address of the page
     * @param vaSlot the linear address of the version array's slot
     */
    public static Outcome ewb(LogicalProcessor lp, long pageinfo, long epcPage, long vaSlot) {
        return execute(lp, Leaf.EWB, pageinfo, epcPage, vaSlot);
    }

    /** Brings a page back, blocked; operands as {@link #eldu}. */
    public static Outcome eldb(LogicalProcessor lp, long pageinfo, long epcPage, long vaSlot) {
        return execute(lp, Leaf.ELDB, pageinfo, epcPage, vaSlot);
    }

    /**
     * Brings a page back.
     *
     * @param pageinfo the linear address of a PAGEINFO
     * @param epcPage the linear address of the destination
     * @param vaSlot the linear address of the version array's slot
     */
    public static Outcome eldu(LogicalProcessor lp, long pageinfo, long epcPage, long vaSlot) {
        return execute(lp, Leaf.ELDU, pageinfo, epcPage, vaSlot);
    }

    /** Brings a page back, blocked, with a code where another leaf is in the way; operands as {@link #eldu}. */
    public static Outcome eldbc(LogicalProcessor lp, long pageinfo, long epcPage, long vaSlot) {
        return execute(lp, Leaf.ELDBC, pageinfo, epcPage, vaSlot);
    }

    /** Brings a page back, with a code where another leaf is in the way; operands as {@link #eldu}. */
    public static Outcome elduc(LogicalProcessor lp, long pageinfo, long epcPage, long vaSlot) {
        return execute(lp, Leaf.ELDUC, pageinfo, epcPage, vaSlot);
    }

    /**
     * Tells what a page is.
     *
     * @param rdinfo the linear address of an RDINFO
     * @param epcPage the linear address of the page
     */
    public static Outcome erdinfo(LogicalProcessor lp, long rdinfo, long epcPage) {
        return execute(lp, Leaf.ERDINFO, rdinfo, epcPage, 0);
    }

    /**
     * Adds a page to an initialised enclave.
     *
     * @param pageinfo the linear address of a PAGEINFO
     * @param epcPage the linear address of the destination
     */
    public static Outcome eaug(LogicalProcessor lp, long pageinfo, long epcPage) {
        return execute(lp, Leaf.EAUG, pageinfo, epcPage, 0);
    }

    /**
     * Takes permissions from a page.
     *
     * @param secinfo the linear address of a SECINFO with the permissions that stay
     * @param epcPage the linear address of the page
     */
    public static Outcome emodpr(LogicalProcessor lp, long secinfo, long epcPage) {
        return execute(lp, Leaf.EMODPR, secinfo, epcPage, 0);
    }

    /**
     * Changes the type of a page.
     *
     * @param secinfo the linear address of a SECINFO with the new type
     * @param epcPage the linear address of the page
     */
    public static Outcome emodt(LogicalProcessor lp, long secinfo, long epcPage) {
        return execute(lp, Leaf.EMODT, secinfo, epcPage, 0);
    }

    /**
     * Makes an EPC page free again.
     *
     * @param epcPage the linear address of the EPC page
     */
    public static Outcome eremove(LogicalProcessor lp, long epcPage) {
        return execute(lp, Leaf.EREMOVE, 0, epcPage, 0);
    }

    /**
     * Makes an empty version array of an EPC page.
     *
     * @param pageType PT_VA, which is 3
     * @param epcPage the linear address of the EPC page
     */
    public static Outcome epa(LogicalProcessor lp, long pageType, long epcPage) {
        return execute(lp, Leaf.EPA, pageType, epcPage, 0);
    }

    /**
     * Reads from a debug enclave; what was read is in RBX of {@link LogicalProcessor#registers} afterwards.
     *
     * @param address the linear address in the EPC
     */
    public static Outcome edbgrd(LogicalProcessor lp, long address) {
        return execute(lp, Leaf.EDBGRD, 0, address, 0);
    }

    /**
     * Writes to a debug enclave.
     *
     * @param value what is written
     * @param address the linear address in the EPC
     */
    public static Outcome edbgwr(LogicalProcessor lp, long value, long address) {
        return execute(lp, Leaf.EDBGWR, value, address, 0);
    }

    /**
     * Executes the ENCLS at RIP: the leaf that EAX selects, with the operands in the registers. Unless it faults, the registers
     * are then as after the instruction.
     */
    public static Outcome execute(LogicalProcessor lp) {
        return Instructions.execute(lp, Leaf.Instruction.ENCLS, Encls::execute);
    }

    /** Makes the version of the loaded microcode CPUSVN; the EPC must be empty. */
    public static Outcome eupdatesvn(LogicalProcessor lp) {
        return execute(lp, Leaf.EUPDATESVN, 0, 0, 0);
    }

    /** Executes a leaf with its operands given directly; RAX and RFLAGS of the register file are not touched. */
    public static Outcome execute(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        try {
            Instructions.checkEnclsPrivilege(lp, leaf);
            NonRoot nonRoot = lp.nonRoot();
            if (nonRoot != null && nonRoot.exits(leaf)) {
                return nonRoot.exit(lp, leaf, rbx, rcx, rdx);
            }
            Instructions.checkEnclsEnabled(lp, leaf);
            return switch (leaf) {
                case ECREATE -> Ecreate.run(lp, rbx, rcx);
                case EADD -> Eadd.run(lp, rbx, rcx);
                case EINIT -> Einit.run(lp, rbx, rcx, rdx);
                case EREMOVE -> Eremove.run(lp, rcx);
                case EPA -> Epa.run(lp, rbx, rcx);
                case EDBGRD -> Edbgrd.run(lp, rcx);
                case EDBGWR -> Edbgwr.run(lp, rbx, rcx);
                case EEXTEND -> Eextend.run(lp, rbx, rcx);
                case EBLOCK -> Eblock.run(lp, rcx);
                case ETRACK -> Etrack.run(lp, rcx);
                case ETRACKC -> Etrackc.run(lp, rcx);
                case EWB -> Ewb.run(lp, rbx, rcx, rdx);
                case ELDB, ELDU, ELDBC, ELDUC -> Eld.run(lp, leaf, rbx, rcx, rdx);
                case ERDINFO -> Erdinfo.run(lp, rbx, rcx);
                case EAUG -> Eaug.run(lp, rbx, rcx);
                case EMODPR -> Emodpr.run(lp, rbx, rcx);
                case EMODT -> Emodt.run(lp, rbx, rcx);
                case EUPDATESVN -> Eupdatesvn.run(lp);
                default -> throw Instructions.noSuchLeaf(leaf);
            };
        } catch (ProcessorFault fault) {
            return fault.outcome();
        }
    }
}
