package jsgx.arch;

import java.lang.foreign.MemorySegment;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Exinfo;
import jsgx.arch.struct.Gprsgx;

/**
 * The EPC pages of an SSA frame, as a logical processor remembers them from the entry to the enclave on: an AEX writes there
 * without looking at page tables or the EPCM again.
 *
 * @param xsave CR_XSAVE_PAGE_n: the pages that hold the XSAVE area, at least one
 * @param gpr CR_GPR_PA: the frame's last page, with GPRSGX at its end and the MISC region below
 */
public record SsaPages(int[] xsave, int gpr) {

    private static final int GPRSGX = Epc.PAGE_SIZE - Gprsgx.SIZE;

    /** GPRSGX of the frame. */
    public Gprsgx gprsgx(Epc epc) {
        return new Gprsgx(epc.page(gpr).asSlice(GPRSGX, Gprsgx.SIZE));
    }

    /** The MISC region of the frame. */
    public Exinfo exinfo(Epc epc) {
        return new Exinfo(epc.page(gpr).asSlice(GPRSGX - Exinfo.SIZE, Exinfo.SIZE));
    }

    /**
     * A copy of the XSAVE area.
     *
     * @param size its size, more than the pages but the last one hold
     */
    public MemorySegment readXsave(Epc epc, int size) {
        MemorySegment area = MemorySegment.ofArray(new byte[size]);
        for (int i = 0; i < xsave.length; i++) {
            int from = i << Epc.PAGE_SHIFT;
            MemorySegment.copy(epc.page(xsave[i]), 0, area, from, Math.min(Epc.PAGE_SIZE, size - from));
        }
        return area;
    }

    /** Writes the XSAVE area. */
    public void writeXsave(Epc epc, MemorySegment area) {
        int size = (int) area.byteSize();
        for (int i = 0; i < xsave.length; i++) {
            int from = i << Epc.PAGE_SHIFT;
            MemorySegment.copy(area, from, epc.page(xsave[i]), 0, Math.min(Epc.PAGE_SIZE, size - from));
        }
    }
}
