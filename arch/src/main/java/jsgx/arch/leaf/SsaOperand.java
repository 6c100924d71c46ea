package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;

import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.SsaPages;
import jsgx.arch.Xsave;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Gprsgx;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/**
 * An SSA frame as an operand of EENTER, ERESUME or EDECCSSA: first the pages of its XSAVE area, then the page of its GPRSGX.
 *
 * @param xsaveInEpc the check that an XSAVE page is in the EPC
 * @param xsave the checks of an XSAVE page's EPCM entry
 * @param gprInEpc the check that the GPRSGX page is in the EPC
 * @param gpr the checks of the GPRSGX page's EPCM entry
 * @param gprInDs the check that GPRSGX is in DS outside 64-bit mode
 */
record SsaOperand(
        LeafCheck xsaveInEpc, EnclaveOperand xsave, LeafCheck gprInEpc, EnclaveOperand gpr, LeafCheck gprInDs) {

    /**
     * Checks a frame.
     *
     * @param secsPage the page of the SECS
     * @param index the frame's number, from 0
     */
    SsaPages locate(LogicalProcessor lp, int secsPage, Secs secs, Tcs tcs, int index) {
        long frameSize = Integer.toUnsignedLong(secs.ssaFrameSize()) << Epc.PAGE_SHIFT;
        long frame = secs.baseAddr() + tcs.ossa() + frameSize * Integer.toUnsignedLong(index);
        int size = Xsave.size(secs.attributes().xfrm());
        int[] pages = new int[(size + Epc.PAGE_SIZE - 1) >>> Epc.PAGE_SHIFT];
        for (int i = 0; i < pages.length; i++) {
            long linear = frame + ((long) i << Epc.PAGE_SHIFT);
            pages[i] = Operands.enclavePage(lp, linear, true, xsaveInEpc);
            xsave.require(lp, pages[i], linear, secsPage);
        }
        long gprsgx = frame + frameSize - Gprsgx.SIZE;
        int gprPage = Operands.enclavePage(lp, gprsgx, true, gprInEpc);
        gpr.require(lp, gprPage, gprsgx, secsPage);
        if (!lp.mode64() && gprsgx + Gprsgx.SIZE - 1 > lp.segments().dsLimit()) {
            throw gp(gprInDs, "at most " + hex(lp.segments().dsLimit()), hex(gprsgx + Gprsgx.SIZE - 1));
        }
        return new SsaPages(pages, gprPage);
    }
}
