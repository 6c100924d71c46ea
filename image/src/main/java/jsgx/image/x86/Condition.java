package jsgx.image.x86;

/** What a conditional jump asks of the flags, by its number in the opcode. */
public enum Condition {
    /** Below, unsigned; carry. */
    B(0x2),
    /** Above or equal, unsigned; no carry. */
    AE(0x3),
    /** Equal; zero. */
    E(0x4),
    /** Not equal; not zero. */
    NE(0x5),
    /** Below or equal, unsigned. */
    BE(0x6),
    /** Above, unsigned. */
    A(0x7),
    /** Negative. */
    S(0x8),
    /** Not negative. */
    NS(0x9),
    /** Less, signed. */
    L(0xc),
    /** Greater or equal, signed. */
    GE(0xd),
    /** Less or equal, signed. */
    LE(0xe),
    /** Greater, signed. */
    G(0xf);

    private final int code;

    Condition(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
