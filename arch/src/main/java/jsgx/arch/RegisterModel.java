package jsgx.arch;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;

/**
 * Registers in memory: what a logical processor has when no runner supplies its own. The extended state is kept as an
 * XSAVE area of all features.
 */
public final class RegisterModel implements RegisterFile {

    private static final int FCW = 0;
    private static final int XMM = 160;
    private static final int LEGACY_END = 416;
    private static final int MXCSR_MASK = Xsave.MXCSR + 4;
    private static final int X87_AFTER_MXCSR = Xsave.MXCSR + 8;
    private static final int INITIAL_FCW = 0x37f;
    private static final int INITIAL_MXCSR = 0x1f80;
    private static final int LEGAL_MXCSR = 0xffff;
    private static final int FIRST_EXTENDED = 2;

    private final long[] values = new long[Register.values().length];
    private final MemorySegment extended = MemorySegment.ofArray(new byte[Xsave.size(-1L)]);

    public RegisterModel() {
        u16(extended, FCW, INITIAL_FCW);
        u32(extended, Xsave.MXCSR, INITIAL_MXCSR);
        u32(extended, MXCSR_MASK, LEGAL_MXCSR);
    }

    @Override
    public long get(Register register) {
        return values[register.ordinal()];
    }

    @Override
    public void set(Register register, long value) {
        values[register.ordinal()] = value;
    }

    @Override
    public void xsave(MemorySegment area, long xfrm) {
        copy(extended, area, 0, LEGACY_END);
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            if (has(xfrm, i)) {
                int[] component = Xsave.component(i);
                copy(extended, area, component[0], component[1]);
            }
        }
        // No feature is tracked as unused: the processor may say of any that it is in use.
        u64(area, Xsave.XSTATE_BV, u64(area, Xsave.XSTATE_BV) | xfrm);
    }

    @Override
    public boolean xrstor(MemorySegment area, long xfrm) {
        long present = u64(area, Xsave.XSTATE_BV);
        if ((present & ~xfrm) != 0
                || u64(area, Xsave.XCOMP_BV) != 0
                || u64(area, Xsave.XCOMP_BV + 8) != 0
                || (u32(area, Xsave.MXCSR) & ~LEGAL_MXCSR) != 0) {
            return false;
        }
        if (has(present, 0)) {
            copy(area, extended, 0, Xsave.MXCSR);
            copy(area, extended, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
        } else {
            fill(0, Xsave.MXCSR);
            fill(X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
            u16(extended, FCW, INITIAL_FCW);
        }
        if (has(present, 1)) {
            copy(area, extended, XMM, LEGACY_END - XMM);
        } else {
            fill(XMM, LEGACY_END - XMM);
        }
        // The standard form loads MXCSR whether or not XSTATE_BV has SSE.
        u32(extended, Xsave.MXCSR, u32(area, Xsave.MXCSR));
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            int[] component = Xsave.component(i);
            if (has(present, i)) {
                copy(area, extended, component[0], component[1]);
            } else if (has(xfrm, i)) {
                fill(component[0], component[1]);
            }
        }
        return true;
    }

    private static boolean has(long features, int i) {
        return (features >>> i & 1) != 0;
    }

    private void fill(int offset, int size) {
        extended.asSlice(offset, size).fill((byte) 0);
    }

    private static void copy(MemorySegment from, MemorySegment to, int offset, int size) {
        MemorySegment.copy(from, offset, to, offset, size);
    }
}
