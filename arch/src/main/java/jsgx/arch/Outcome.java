package jsgx.arch;

import jsgx.arch.struct.SgxError;

/**
 * What a leaf did: it succeeded, it returned an error code in RAX, or it raised a fault. The latter two carry the check
 * that decided, with what it expected and what it found; every explanation of a refusal is made from them.
 */
public sealed interface Outcome {

    /** What a leaf does to the six status flags of RFLAGS. */
    enum Flags {
        /** No flag is touched. */
        UNCHANGED,
        /** ZF, CF, PF, AF, OF and SF are cleared. */
        CLEARED,
        /** ZF is set, the other five are cleared. */
        ZF,
        /** CF is set, the other five are cleared. */
        CF
    }

    Leaf leaf();

    /** True where the leaf did what was asked and returned 0. */
    default boolean isSuccess() {
        return this instanceof Success;
    }

    /** The leaf completed; RAX is 0 where the leaf returns a code at all. */
    record Success(Leaf leaf, Flags flags) implements Outcome {}

    /**
     * The leaf returned an error code in RAX.
     *
     * @param check the step that decided
     * @param code the value of RAX
     * @param flags how the status flags tell it
     * @param expected what the check expected, for people
     * @param found what the check found, for people
     */
    record Error(LeafCheck check, SgxError code, Flags flags, String expected, String found) implements Outcome {
        @Override
        public Leaf leaf() {
            return check.leaf();
        }
    }

    /** The leaf raised a fault and changed nothing that software can see, but for what its manual page says. */
    record Faulted(LeafCheck check, Fault fault, String expected, String found) implements Outcome {
        @Override
        public Leaf leaf() {
            return check.leaf();
        }
    }
}
