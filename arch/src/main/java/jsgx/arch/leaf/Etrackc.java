package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;

/**
 * ETRACKC: ETRACK by any page of the enclave, with a code where ETRACK raises a fault (SDM 3D, "ETRACKC—Activates EBLOCK
 * Checks").
 */
public final class Etrackc {

    /** The checks of ETRACKC in their order. */
    public enum Check implements LeafCheck {
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        EPC_PAGE_FREE("no other leaf has the EPC page for itself"),
        EPC_PAGE_VALID("the EPC page is valid"),
        TRACK_REQUIRED("the EPC page is a SECS or a page of an enclave"),
        TRACKING_FREE("no other leaf uses the tracking facility of the SECS"),
        PREVIOUS_CYCLE_COMPLETE("every processor has completed the tracking cycle before (TRACKING is 0)");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.ETRACKC;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.ETRACKC, Outcome.Flags.CLEARED);

    private Etrackc() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#etrackc} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rcx) {
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            return zf(
                    Check.EPC_PAGE_FREE,
                    SgxError.EPC_PAGE_CONFLICT,
                    "no concurrent leaf",
                    "a leaf that has the page for itself");
        }
        try {
            return track(lp.processorPackage(), page);
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static Outcome track(ProcessorPackage cpu, int page) {
        Epcm epcm = cpu.epcm();
        if (!epcm.valid(page)) {
            return zf(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, "a valid page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(page));
        if (type != PageType.SECS && !type.hasSecs()) {
            return new Outcome.Error(
                    Check.TRACK_REQUIRED,
                    SgxError.TRACK_NOT_REQUIRED,
                    Outcome.Flags.CF,
                    "PT_SECS or a page of an enclave",
                    "PT_" + type);
        }
        // No lock on the SECS itself: it cannot leave while this page, which refers to it, is in use here.
        int secs = type == PageType.SECS ? page : epcm.enclaveSecs(page);
        if (!epcm.tryTracking(secs)) {
            return zf(
                    Check.TRACKING_FREE,
                    SgxError.EPC_PAGE_CONFLICT,
                    "no concurrent ETRACK or ETRACKC",
                    "one that runs");
        }
        try {
            SecsState state = cpu.requireSecs(secs);
            if (!state.track()) {
                return zf(
                        Check.PREVIOUS_CYCLE_COMPLETE,
                        SgxError.PREV_TRK_INCMPL,
                        "no thread inside from before the last ETRACK",
                        Operands.threads(state.threadsBefore()));
            }
            return SUCCESS;
        } finally {
            epcm.releaseTracking(secs);
        }
    }

    private static Outcome zf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}
