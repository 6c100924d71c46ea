package jsgx.image.x86;

/** A general register, in the order in which instructions encode them. */
public enum Reg {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15;

    int low() {
        return ordinal() & 7;
    }

    boolean extended() {
        return ordinal() > 7;
    }
}
