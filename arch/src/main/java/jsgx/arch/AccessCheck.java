package jsgx.arch;

/**
 * A check that every leaf makes alike and that its operation section does not number: the conditions of the instruction
 * itself and of reaching a memory operand.
 *
 * @param leaf the leaf that was executed
 * @param kind which check
 */
public record AccessCheck(Leaf leaf, Kind kind) implements LeafCheck {

    /** The checks that all leaves share. */
    public enum Kind {
        PRIVILEGE("ENCLS executes at CPL 0, ENCLU at CPL 3"),
        ENABLED("IA32_FEATURE_CONTROL is locked and has SGX_ENABLE set"),
        LEAF_EXISTS("this processor enumerates the leaf in CPUID.12H.0:EAX"),
        ENCLAVE_MODE("EENTER and ERESUME execute outside an enclave, all other leaves of ENCLU inside one"),
        CANONICAL("the address of a memory operand is canonical"),
        MAPPED("the page tables map a memory operand, writable where it is written");

        private final String rule;

        Kind(String rule) {
            this.rule = rule;
        }
    }

    @Override
    public String name() {
        return kind.name();
    }

    @Override
    public int ordinal() {
        return 0;
    }

    @Override
    public String rule() {
        return kind.rule;
    }

    @Override
    public int step() {
        return 0;
    }

    @Override
    public int steps() {
        return 0;
    }
}
