package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.isCanonical;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.EnclaveMode;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.RegisterFile;
import jsgx.arch.RegisterFile.Register;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/**
 * Control-flow enforcement as an enclave is entered with it (SDM 3D, EENTER and ERESUME, from the check of CR4.CET on).
 *
 * @param uCet IA32_U_CET inside
 * @param ssp SSP inside
 * @param saveArea CR_CET_SAVE_AREA_PA, {@link EnclaveMode#NO_CET} where the enclave uses no CET
 */
record CetState(long uCet, long ssp, long saveArea) {

    /**
     * The checks of a leaf that enters.
     *
     * @param enabled CR4.CET is set for an enclave that needs CET
     * @param aligned TCS.OCETSSA is a multiple of 16
     * @param saveArea where an AEX saves the state
     */
    record Checks(LeafCheck enabled, LeafCheck aligned, SaveArea saveArea) {}

    /**
     * Where an AEX saves SSP and the tracker, as an operand of EENTER, ERESUME or EDECCSSA.
     *
     * @param inEpc the check that its page is in the EPC
     * @param page the checks of the page's EPCM entry
     */
    record SaveArea(LeafCheck inEpc, EnclaveOperand page) {

        /** CR_CET_SAVE_AREA_PA for a frame, {@link EnclaveMode#NO_CET} where the enclave uses no CET. */
        long locate(LogicalProcessor lp, int secsPage, Secs secs, Tcs tcs, int frame) {
            if (!lp.processorPackage().features().cet() || !inUse(secs)) {
                return EnclaveMode.NO_CET;
            }
            long area = secs.baseAddr() + tcs.ocetSsa() + (long) FRAME_SIZE * Integer.toUnsignedLong(frame);
            long pageLinear = area & -Epc.PAGE_SIZE;
            int index = Operands.enclavePage(lp, pageLinear, true, inEpc);
            page.require(lp, index, pageLinear, secsPage);
            return ((long) index << Epc.PAGE_SHIFT) + (area & (Epc.PAGE_SIZE - 1));
        }
    }

    private static final CetState NONE = new CetState(0, 0, EnclaveMode.NO_CET);

    private static final int SH_STK_EN = 1;
    private static final int ENDBR_EN = 1 << 2;
    private static final int LEG_IW_EN = 1 << 3;
    private static final long SUPPRESS = 1L << 10;
    private static final long TRACKER = 1L << 11;

    private static final int FRAME_SIZE = 16;
    private static final int FRAME_SSP = 0;
    private static final int FRAME_TRACK = 8;
    private static final long FRAME_SUPPRESS = 1;
    private static final long FRAME_TRACKER = 1 << 1;

    /** The state of an entry at OENTRY, whose next AEX uses the given frame. */
    static CetState begin(EnclaveEntry entry, int frame, Checks checks) {
        Secs secs = entry.secs;
        if (!enabled(entry.lp, secs, entry.tcs, checks)) {
            return NONE;
        }
        long area = checks.saveArea().locate(entry.lp, entry.secsPage, secs, entry.tcs, frame);
        boolean shadowStack = (secs.cetAttributes() & SH_STK_EN) != 0;
        return new CetState(initialUCet(secs), shadowStack ? entry.tcs.prevSsp() : 0, area);
    }

    /**
     * The state that an AEX saved in the given frame.
     *
     * @param legal the check of what the frame holds
     */
    static CetState resume(EnclaveEntry entry, int frame, Checks checks, LeafCheck legal) {
        Secs secs = entry.secs;
        if (!enabled(entry.lp, secs, entry.tcs, checks)) {
            return NONE;
        }
        long area = checks.saveArea().locate(entry.lp, entry.secsPage, secs, entry.tcs, frame);
        MemorySegment saved = at(entry.lp, area);
        long ssp = u64(saved, FRAME_SSP);
        long track = u64(saved, FRAME_TRACK);
        boolean reachable = entry.lp.mode64() ? isCanonical(ssp) : ssp >>> 32 == 0;
        if (!reachable || (ssp & 3) != 0 || Long.compareUnsigned(track, FRAME_TRACKER) > 0) {
            throw gp(
                    legal,
                    "an SSP that can be, and a tracker not both waiting and suppressed",
                    hex(ssp) + ", " + hex(track));
        }
        long tracker = (track & FRAME_TRACKER) != 0 ? TRACKER : 0;
        long suppress = (track & FRAME_SUPPRESS) != 0 ? SUPPRESS : 0;
        return new CetState(initialUCet(secs) | tracker | suppress, ssp, area);
    }

    /** EEXIT: TCS.PREVSSP := SSP, where the enclave has a shadow stack. */
    static void exit(LogicalProcessor lp, Tcs tcs) {
        RegisterFile registers = lp.registers();
        if (lp.processorPackage().features().cet() && (registers.get(Register.U_CET) & SH_STK_EN) != 0) {
            tcs.prevSsp(registers.get(Register.SSP));
        }
    }

    /** AEX: saves SSP and the tracker. */
    static void save(LogicalProcessor lp, EnclaveMode mode) {
        if (mode.cetSaveArea() == EnclaveMode.NO_CET) {
            return;
        }
        MemorySegment frame = at(lp, mode.cetSaveArea());
        long uCet = lp.registers().get(Register.U_CET);
        u64(frame, FRAME_SSP, lp.registers().get(Register.SSP));
        u64(
                frame,
                FRAME_TRACK,
                ((uCet & SUPPRESS) != 0 ? FRAME_SUPPRESS : 0) | ((uCet & TRACKER) != 0 ? FRAME_TRACKER : 0));
    }

    private static boolean enabled(LogicalProcessor lp, Secs secs, Tcs tcs, Checks checks) {
        if (!lp.processorPackage().features().cet()) {
            return false;
        }
        boolean needed = secs.cetAttributes() != 0 || secs.cetLegBitmapOffset() != 0;
        if (needed && !lp.cr4Cet()) {
            throw gp(checks.enabled(), "CR4.CET 1", "CR4.CET 0 and CET_ATTRIBUTES " + hex(secs.cetAttributes()));
        }
        if (!inUse(secs)) {
            return false;
        }
        Operands.aligned(tcs.ocetSsa(), FRAME_SIZE, checks.aligned());
        return true;
    }

    private static boolean inUse(Secs secs) {
        return (secs.cetAttributes() & (SH_STK_EN | ENDBR_EN)) != 0;
    }

    private static long initialUCet(Secs secs) {
        int attributes = secs.cetAttributes();
        boolean legacyBitmap = (attributes & LEG_IW_EN) != 0 && (attributes & ENDBR_EN) != 0;
        return legacyBitmap ? attributes + secs.baseAddr() + secs.cetLegBitmapOffset() : attributes;
    }

    private static MemorySegment at(LogicalProcessor lp, long area) {
        int page = (int) (area >>> Epc.PAGE_SHIFT);
        return lp.processorPackage().epc().page(page).asSlice(area & (Epc.PAGE_SIZE - 1), FRAME_SIZE);
    }
}
