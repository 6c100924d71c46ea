package jsgx.arch;

import java.lang.foreign.MemorySegment;

/**
 * The registers of a logical processor as leaf functions see them. A runner supplies them: a model in memory, or those of
 * a supervised program.
 */
public interface RegisterFile {

    /** The general registers, in the order in which instructions encode them, then RIP and RFLAGS. */
    enum Register {
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
        R15,
        RIP,
        RFLAGS,
        /** The base address of FS. */
        FS_BASE,
        /** The base address of GS. */
        GS_BASE
    }

    long get(Register register);

    void set(Register register, long value);

    /** XSAVE of the features in XFRM to an area in the standard form. */
    void xsave(MemorySegment area, long xfrm);

    /**
     * XRSTOR of the features in XFRM from an area in the standard form.
     *
     * @return false, with nothing changed, where the area is one that XRSTOR faults on
     */
    boolean xrstor(MemorySegment area, long xfrm);

    /** Puts the features in XFRM into their initial state. */
    void initExtendedState(long xfrm);
}
