package jsgx.machine.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Xsave;

/** XSAVE and XRSTOR of a thread's extended state as ptrace tells it (NT_X86_XSTATE): all features, in the standard form. */
public final class RegisterSet {

    /** As long as the state of any processor, in bytes. */
    public static final int ROOM = 16 << 10;

    private static final long SSE = 2;
    private static final int FCW = 0;
    private static final int XMM = 160;
    private static final int LEGACY_END = 416;
    private static final int X87_AFTER_MXCSR = Xsave.MXCSR + 8;
    private static final short INITIAL_FCW = 0x37f;
    private static final int LEGAL_MXCSR = 0xffff;
    private static final int FIRST_EXTENDED = 2;

    private RegisterSet() {}

    /**
     * XSAVE.
     *
     * @param thread the thread's state, {@link #ROOM} bytes
     * @param area where to
     */
    public static void xsave(MemorySegment thread, MemorySegment area, long xfrm) {
        copy(thread, area, 0, LEGACY_END);
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            if (has(xfrm, i)) {
                int[] component = Xsave.component(i);
                copy(thread, area, component[0], component[1]);
            }
        }
        long inUse = thread.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        long before = area.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        area.set(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV, (before & ~xfrm) | (inUse & xfrm));
    }

    /** Whether XRSTOR takes an area. */
    public static boolean isLegal(MemorySegment area, long xfrm) {
        return (area.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV) & ~xfrm) == 0
                && area.get(JAVA_LONG_UNALIGNED, Xsave.XCOMP_BV) == 0
                && area.get(JAVA_LONG_UNALIGNED, Xsave.XCOMP_BV + 8L) == 0
                && (area.get(JAVA_INT_UNALIGNED, Xsave.MXCSR) & ~LEGAL_MXCSR) == 0;
    }

    /**
     * XRSTOR.
     *
     * @param thread the thread's state, {@link #ROOM} bytes
     * @return false, with nothing changed, where the area is one that XRSTOR faults on
     */
    public static boolean xrstor(MemorySegment area, MemorySegment thread, long xfrm) {
        if (!isLegal(area, xfrm)) {
            return false;
        }
        long present = area.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        if (has(present, 0)) {
            copy(area, thread, 0, Xsave.MXCSR);
            copy(area, thread, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
        } else {
            fill(thread, 0, Xsave.MXCSR);
            fill(thread, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
            thread.set(JAVA_SHORT_UNALIGNED, FCW, INITIAL_FCW);
        }
        if (has(present, 1)) {
            copy(area, thread, XMM, LEGACY_END - XMM);
        } else {
            fill(thread, XMM, LEGACY_END - XMM);
        }
        thread.set(JAVA_INT_UNALIGNED, Xsave.MXCSR, area.get(JAVA_INT_UNALIGNED, Xsave.MXCSR));
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            int[] component = Xsave.component(i);
            if (has(present, i)) {
                copy(area, thread, component[0], component[1]);
            } else if (has(xfrm, i)) {
                fill(thread, component[0], component[1]);
            }
        }
        long inUse = thread.get(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV);
        // The kernel takes MXCSR only together with SSE.
        thread.set(JAVA_LONG_UNALIGNED, Xsave.XSTATE_BV, (inUse & ~xfrm) | present | SSE);
        return true;
    }

    private static boolean has(long features, int i) {
        return (features >>> i & 1) != 0;
    }

    private static void fill(MemorySegment thread, int offset, int size) {
        thread.asSlice(offset, size).fill((byte) 0);
    }

    private static void copy(MemorySegment from, MemorySegment to, int offset, int size) {
        MemorySegment.copy(from, offset, to, offset, size);
    }
}
