package jsgx.arch.leaf;

/** The bits of RFLAGS that entry to and exit from an enclave move. */
final class Rflags {

    static final long CF = 1;
    static final long PF = 1L << 2;
    static final long AF = 1L << 4;
    static final long ZF = 1L << 6;
    static final long SF = 1L << 7;
    static final long TF = 1L << 8;
    static final long IF = 1L << 9;
    static final long DF = 1L << 10;
    static final long OF = 1L << 11;
    static final long IOPL = 3L << 12;
    static final long NT = 1L << 14;
    static final long RF = 1L << 16;
    static final long VM = 1L << 17;
    static final long AC = 1L << 18;
    static final long ID = 1L << 21;

    /** The six status flags and RF, which an AEX clears. */
    static final long CLEARED_BY_AEX = CF | PF | AF | ZF | SF | OF | RF;

    /** What ERESUME takes from the SSA frame whatever the privilege. */
    static final long RESTORED_BY_ERESUME = CF | PF | AF | ZF | SF | DF | OF | NT | AC | ID | RF;

    private Rflags() {}
}
