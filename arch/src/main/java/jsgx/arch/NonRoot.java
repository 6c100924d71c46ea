package jsgx.arch;

/**
 * VMX non-root operation, as far as SGX goes: what a hypervisor has set up for a logical processor that runs a virtual machine. SGX_CONFLICT
 * exits and ENCLV are not modelled.
 */
public interface NonRoot {

    /** The ENCLS-exiting bitmap: a leaf exits whose number is a bit that is set, and with bit 63 every number from 63 on. */
    long enclsExiting();

    /**
     * The extended page tables, as far as they lead to the EPC.
     *
     * @param guestPage the index of an EPC page as the virtual machine counts them
     * @return its index in the package's {@link jsgx.arch.epc.Epc}, or {@link LinearMemory#UNMAPPED}
     */
    int epcPage(int guestPage);

    /**
     * The exit of an ENCLS. The operands are as the virtual machine gave them.
     *
     * @return what the virtual machine sees of it
     */
    Outcome exit(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx);

    /** Whether a leaf of ENCLS exits. */
    default boolean exits(Leaf leaf) {
        // An unknown leaf has the number -1 here, and a shift takes the low six bits.
        return (enclsExiting() >>> leaf.number() & 1) != 0;
    }
}
