package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.pf;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;

/** ETRACK: begins a tracking cycle of an enclave (SDM 3D, "ETRACK—Activates EBLOCK Checks"). */
public final class Etrack {

    /** The checks of ETRACK in their order. */
    public enum Check implements LeafCheck {
        SECS_ALIGNED("RCX (the SECS) is a multiple of 4096"),
        SECS_IN_EPC("RCX is in the EPC"),
        SECS_FREE("no other leaf has the SECS for itself"),
        TRACKING_FREE("no other leaf uses the tracking facility of the SECS"),
        SECS_VALID("RCX is a valid page"),
        SECS_TYPE("RCX is a PT_SECS page"),
        PREVIOUS_CYCLE_COMPLETE("every processor has completed the tracking cycle before (TRACKING is 0)");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.ETRACK;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.ETRACK, Outcome.Flags.CLEARED);

    private Etrack() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#etrack} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rcx) {
        aligned(rcx, Epc.PAGE_SIZE, Check.SECS_ALIGNED);
        int secs = epcPage(lp, rcx, Check.SECS_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(secs)) {
            throw gp(Check.SECS_FREE, "no concurrent leaf", "a leaf that has the page for itself");
        }
        try {
            if (!epcm.tryTracking(secs)) {
                throw gp(Check.TRACKING_FREE, "no concurrent ETRACK or ETRACKC", "one that runs");
            }
            try {
                return track(lp, secs, rcx);
            } finally {
                epcm.releaseTracking(secs);
            }
        } finally {
            epcm.releaseShared(secs);
        }
    }

    private static Outcome track(LogicalProcessor lp, int secs, long rcx) {
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.valid(secs)) {
            throw pf(lp, Check.SECS_VALID, rcx, "a valid page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(secs));
        if (type != PageType.SECS) {
            throw pf(lp, Check.SECS_TYPE, rcx, "PT_SECS", "PT_" + type);
        }
        SecsState state = lp.processorPackage().requireSecs(secs);
        if (!state.track()) {
            return new Outcome.Error(
                    Check.PREVIOUS_CYCLE_COMPLETE,
                    SgxError.PREV_TRK_INCMPL,
                    Outcome.Flags.ZF,
                    "no thread inside from before the last ETRACK",
                    Operands.threads(state.threadsBefore()));
        }
        return SUCCESS;
    }
}
