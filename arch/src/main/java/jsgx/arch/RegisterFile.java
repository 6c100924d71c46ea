package jsgx.arch;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;

/**
 * The registers of a logical processor as leaf functions see them. A runner supplies them: a model in memory, or those of
 * a supervised program.
 */
public interface RegisterFile {

    /**
     * The general registers, in the order in which instructions encode them, then the others. While a leaf executes, RIP is
     * the address of its ENCLS or ENCLU.
     */
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
        GS_BASE,
        /** The shadow stack pointer, on processors with CET. */
        SSP,
        /** IA32_U_CET, on processors with CET. */
        U_CET
    }

    /** RAX to R15, in the order in which instructions encode them. */
    List<Register> GENERAL = List.copyOf(EnumSet.range(Register.RAX, Register.R15));

    long get(Register register);

    void set(Register register, long value);

    /**
     * XSAVE of the features in XFRM to an area in the standard form. What XSAVE leaves alone in the area stays.
     *
     * @param area at least {@link Xsave#size} bytes
     */
    void xsave(MemorySegment area, long xfrm);

    /**
     * XRSTOR of the features in XFRM from an area in the standard form: those that XSTATE_BV does not have go into their
     * initial state.
     *
     * @param area as long as the features in XSTATE_BV need, and at least {@link Xsave#LEGACY_AND_HEADER} bytes
     * @return false, with nothing changed, where the area is one that XRSTOR faults on
     */
    boolean xrstor(MemorySegment area, long xfrm);
}
