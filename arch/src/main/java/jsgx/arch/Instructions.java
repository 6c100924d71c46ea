package jsgx.arch;

import jsgx.arch.RegisterFile.Register;

/** What ENCLS and ENCLU check before any leaf, and how an outcome reaches the registers. */
final class Instructions {

    private static final long CF = 1;
    private static final long PF = 1 << 2;
    private static final long AF = 1 << 4;
    private static final long ZF = 1 << 6;
    private static final long SF = 1 << 7;
    private static final long OF = 1 << 11;
    private static final long STATUS = CF | PF | AF | ZF | SF | OF;

    /** ENCLS is 0F 01 CF, ENCLU 0F 01 D7. */
    private static final int LENGTH = 3;

    private static final long LOW_32 = 0xffff_ffffL;

    /** ENCLS or ENCLU with the operands of a leaf. */
    @FunctionalInterface
    interface Body {
        Outcome execute(LogicalProcessor lp, Leaf leaf, long rbx, long rcx, long rdx);
    }

    private Instructions() {}

    /** Takes leaf and operands from the registers and writes back what the instruction leaves there. */
    static Outcome execute(LogicalProcessor lp, Leaf.Instruction instruction, Body body) {
        RegisterFile registers = lp.registers();
        long next = registers.get(Register.RIP) + LENGTH;
        long mask = lp.mode64() ? -1L : LOW_32;
        Leaf leaf = Leaf.of(instruction, (int) registers.get(Register.RAX));
        Outcome outcome = body.execute(
                lp,
                leaf,
                registers.get(Register.RBX) & mask,
                registers.get(Register.RCX) & mask,
                registers.get(Register.RDX) & mask);
        writeBack(registers, outcome, next);
        return outcome;
    }

    /** What ENCLS checks before a virtual machine's exit. */
    static void checkEnclsPrivilege(LogicalProcessor lp, Leaf leaf) {
        checkPrivilege(lp, leaf, 0);
    }

    static void checkEnclsEnabled(LogicalProcessor lp, Leaf leaf) {
        checkEnabled(lp, leaf, Leaf.Instruction.ENCLS);
    }

    static void checkEnclu(LogicalProcessor lp, Leaf leaf) {
        checkPrivilege(lp, leaf, 3);
        checkEnabled(lp, leaf, Leaf.Instruction.ENCLU);
        boolean entry = leaf == Leaf.EENTER || leaf == Leaf.ERESUME;
        if (entry == (lp.enclaveMode() != null)) {
            throw new ProcessorFault(
                    new AccessCheck(leaf, AccessCheck.Kind.ENCLAVE_MODE),
                    Fault.gp(),
                    entry ? "outside an enclave" : "inside an enclave",
                    entry ? "inside an enclave" : "outside an enclave");
        }
    }

    private static void checkPrivilege(LogicalProcessor lp, Leaf leaf, int cpl) {
        if (lp.cpl() != cpl) {
            throw new ProcessorFault(
                    new AccessCheck(leaf, AccessCheck.Kind.PRIVILEGE), Fault.ud(), "CPL " + cpl, "CPL " + lp.cpl());
        }
    }

    private static void checkEnabled(LogicalProcessor lp, Leaf leaf, Leaf.Instruction instruction) {
        long enabled = LogicalProcessor.FEATURE_CONTROL_LOCK | LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE;
        if ((lp.featureControl() & enabled) != enabled) {
            throw new ProcessorFault(
                    new AccessCheck(leaf, AccessCheck.Kind.ENABLED),
                    Fault.gp(),
                    "bits 0 and 18 of IA32_FEATURE_CONTROL",
                    "0x" + Long.toHexString(lp.featureControl()));
        }
        if (leaf.instruction() != instruction || !exists(lp.processorPackage().features(), leaf)) {
            throw noSuchLeaf(leaf);
        }
    }

    static ProcessorFault noSuchLeaf(Leaf leaf) {
        return new ProcessorFault(
                new AccessCheck(leaf, AccessCheck.Kind.LEAF_EXISTS),
                Fault.gp(),
                "a leaf that CPUID enumerates",
                leaf + " (" + leaf.instruction() + " 0x" + Integer.toHexString(leaf.number()) + ")");
    }

    private static boolean exists(CpuFeatures features, Leaf leaf) {
        return switch (leaf) {
            case EAUG, EMODPR, EMODT, EACCEPT, EACCEPTCOPY, EMODPE -> features.sgx2();
            case ERDINFO, ETRACKC, ELDBC, ELDUC -> features.enclsC();
            case EDECCSSA -> features.edeccssa();
            case EUPDATESVN -> features.eupdatesvn();
            case UNKNOWN_ENCLS, UNKNOWN_ENCLU -> false;
            default -> true;
        };
    }

    /** Writes RAX, the status flags and RIP as the outcome says; a fault leaves all alone. */
    private static void writeBack(RegisterFile registers, Outcome outcome, long next) {
        switch (outcome) {
            case Outcome.Success success -> {
                if (success.flags() != Outcome.Flags.UNCHANGED) {
                    registers.set(Register.RAX, 0);
                    writeFlags(registers, success.flags());
                }
                switch (success.leaf()) {
                    case EENTER, ERESUME, EEXIT -> {}
                    default -> registers.set(Register.RIP, next);
                }
            }
            case Outcome.Error error -> {
                registers.set(Register.RAX, error.code().code());
                writeFlags(registers, error.flags());
                registers.set(Register.RIP, next);
            }
            case Outcome.Faulted faulted -> {}
        }
    }

    private static void writeFlags(RegisterFile registers, Outcome.Flags flags) {
        long rflags = registers.get(Register.RFLAGS) & ~STATUS;
        registers.set(
                Register.RFLAGS,
                switch (flags) {
                    case ZF -> rflags | ZF;
                    case CF -> rflags | CF;
                    default -> rflags;
                });
    }
}
