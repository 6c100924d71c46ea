package jsgx.machine.linux;

import static jsgx.arch.struct.Layouts.u16;
import static jsgx.arch.struct.Layouts.u32;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Xsave;

/**
 * A stopped thread's extended state as Linux shows it, in a signal frame and to a tracer alike: an XSAVE area in the standard form. This is XSAVE and
 * XRSTOR as the thread would execute them.
 */
public final class ExtendedState {

    private static final int XMM = 160;
    private static final int LEGACY_END = 416;
    private static final int MXCSR_MASK = Xsave.MXCSR + 4;
    private static final int X87_AFTER_MXCSR = Xsave.MXCSR + 8;
    private static final int INITIAL_FCW = 0x37f;
    private static final int INITIAL_MXCSR = 0x1f80;
    private static final int MXCSR_WITHOUT_MASK = 0xffbf;
    private static final int FIRST_EXTENDED = 2;

    private ExtendedState() {}

    /**
     * XSAVE: copies the features in XFRM.
     *
     * @param thread the thread's state
     * @param area where to; what is not of XFRM stays
     */
    public static void xsave(MemorySegment thread, MemorySegment area, long xfrm) {
        copy(thread, area, 0, LEGACY_END);
        long inUse = thread.byteSize() < Xsave.LEGACY_AND_HEADER ? 3 : u64(thread, Xsave.XSTATE_BV);
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            int[] component = Xsave.component(i);
            if (has(xfrm & inUse, i) && component[0] + component[1] <= thread.byteSize()) {
                copy(thread, area, component[0], component[1]);
            }
        }
        u64(area, Xsave.XSTATE_BV, (u64(area, Xsave.XSTATE_BV) & ~xfrm) | (inUse & xfrm));
    }

    /**
     * XRSTOR: the features in XFRM become those of an area, or initial where the area does not have them.
     *
     * @param area what to load
     * @param thread the thread's state
     * @return false, with nothing changed, where the area is one that XRSTOR faults on
     */
    public static boolean xrstor(MemorySegment area, MemorySegment thread, long xfrm) {
        long present = u64(area, Xsave.XSTATE_BV);
        int mask = u32(thread, MXCSR_MASK);
        if ((present & ~xfrm) != 0
                || u64(area, Xsave.XCOMP_BV) != 0
                || u64(area, Xsave.XCOMP_BV + 8) != 0
                || (u32(area, Xsave.MXCSR) & ~(mask == 0 ? MXCSR_WITHOUT_MASK : mask)) != 0) {
            return false;
        }
        if (has(present, 0)) {
            copy(area, thread, 0, Xsave.MXCSR);
            copy(area, thread, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
        } else if (has(xfrm, 0)) {
            fill(thread, 0, Xsave.MXCSR);
            fill(thread, X87_AFTER_MXCSR, XMM - X87_AFTER_MXCSR);
            u16(thread, 0, INITIAL_FCW);
        }
        if (has(present, 1)) {
            copy(area, thread, XMM, LEGACY_END - XMM);
        } else if (has(xfrm, 1)) {
            fill(thread, XMM, LEGACY_END - XMM);
        }
        // The standard form loads MXCSR whether or not XSTATE_BV has SSE.
        u32(thread, Xsave.MXCSR, u32(area, Xsave.MXCSR));
        if (thread.byteSize() < Xsave.LEGACY_AND_HEADER) {
            return true;
        }
        for (int i = FIRST_EXTENDED; i < Long.SIZE; i++) {
            int[] component = Xsave.component(i);
            if (has(present, i) && component[0] + component[1] <= thread.byteSize()) {
                copy(area, thread, component[0], component[1]);
            }
        }
        // SSE counts as in use, so that the kernel takes MXCSR from here.
        u64(thread, Xsave.XSTATE_BV, (u64(thread, Xsave.XSTATE_BV) & ~xfrm) | present | (xfrm & 3));
        return true;
    }

    /** The state that a signal handler begins with: all features initial. */
    public static void initialize(MemorySegment thread) {
        fill(thread, 0, Xsave.MXCSR);
        fill(thread, X87_AFTER_MXCSR, LEGACY_END - X87_AFTER_MXCSR);
        u16(thread, 0, INITIAL_FCW);
        u32(thread, Xsave.MXCSR, INITIAL_MXCSR);
        if (thread.byteSize() >= Xsave.LEGACY_AND_HEADER) {
            u64(thread, Xsave.XSTATE_BV, 3);
        }
    }

    private static boolean has(long features, int i) {
        return (features >>> i & 1) != 0;
    }

    private static void fill(MemorySegment segment, int offset, int size) {
        segment.asSlice(offset, size).fill((byte) 0);
    }

    private static void copy(MemorySegment from, MemorySegment to, int offset, int size) {
        MemorySegment.copy(from, offset, to, offset, size);
    }
}
