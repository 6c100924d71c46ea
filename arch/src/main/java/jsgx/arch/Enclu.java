package jsgx.arch;

/** The ENCLU instruction: a line for each leaf, with the operands that it takes in RBX, RCX and RDX. */
public final class Enclu {

    private Enclu() {}

    /** Executes a leaf with its operands given directly; RAX and RFLAGS of the register file are not touched. */
    public static Outcome execute(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx) {
        try {
            Instructions.checkEnclu(lp, leaf);
            throw Instructions.noSuchLeaf(leaf);
        } catch (ProcessorFault fault) {
            return fault.outcome();
        }
    }
}
