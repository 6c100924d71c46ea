package jsgx.launch.guest;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;

/**
 * A check that the hypervisor makes when a virtual machine's ENCLS exits, before or in place of the leaf's own.
 *
 * @param leaf the leaf that the virtual machine executed
 * @param kind which check
 */
public record ExitCheck(Leaf leaf, Kind kind) implements LeafCheck {

    /** The checks, in KVM's order. */
    public enum Kind {
        ENABLED("the virtual machine's IA32_FEATURE_CONTROL is locked and has SGX_ENABLE set"),
        LEAF_EXISTS("the hypervisor offers the leaf: SGX1, and SGX2 where the virtual machine's CPUID has it"),
        ALIGNED("the operand is aligned"),
        CANONICAL("the address of the operand is canonical"),
        MAPPED("the virtual machine's page tables map the operand"),
        PROVISIONKEY("ATTRIBUTES.PROVISIONKEY is 0, or the virtual machine was granted it"),
        CPUID("MISCSELECT, ATTRIBUTES and XFRM only have bits of the virtual machine's CPUID, and XFRM has 0 and 1"),
        CPUID_SIZE("SIZE is below what the virtual machine's CPUID allows"),
        SECS_IN_EPC("the SECS is in the virtual machine's EPC"),
        SECS_KNOWN("the SECS is where ECREATE made it"),
        HOST_POLICY("the host's launch authority allows the enclave");

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
        return kind.ordinal();
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
