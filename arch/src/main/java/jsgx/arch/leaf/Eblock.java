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
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.SgxError;

/** EBLOCK: marks a page as blocked, so that no new translation of it is cached (SDM 3D, "EBLOCK—Mark a page in EPC as Blocked"). */
public final class Eblock {

    /** The checks of EBLOCK in their order. */
    public enum Check implements LeafCheck {
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        EPC_PAGE_FREE("no other leaf has the EPC page for itself"),
        EPC_PAGE_VALID("the EPC page is valid"),
        NOT_SECS("the EPC page is not a SECS"),
        BLOCKABLE("the EPC page is PT_REG, PT_TCS, PT_TRIM, PT_SS_FIRST or PT_SS_REST"),
        NOT_BLOCKED("the EPC page is not blocked yet"),
        // The manual has this one in its table of codes only: it comes last because only a page that becomes blocked
        // needs the epoch.
        ENTRY_EPOCH_FREE("no ETRACK runs on the enclave");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EBLOCK;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EBLOCK, Outcome.Flags.CLEARED);

    private Eblock() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eblock} is the way in. */
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
            return block(lp.processorPackage(), page);
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static Outcome block(ProcessorPackage cpu, int page) {
        Epcm epcm = cpu.epcm();
        if (!epcm.valid(page)) {
            return zf(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, "a valid page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(page));
        if (type == PageType.SECS) {
            return cf(Check.NOT_SECS, SgxError.PG_IS_SECS, "a page of an enclave", "PT_SECS");
        }
        if (!type.hasSecs()) {
            return cf(Check.BLOCKABLE, SgxError.NOTBLOCKABLE, "a page of an enclave", "PT_" + type);
        }
        if (epcm.has(page, Epcm.BLOCKED)) {
            return alreadyBlocked();
        }
        int secs = epcm.enclaveSecs(page);
        if (epcm.isTracking(secs)) {
            return zf(Check.ENTRY_EPOCH_FREE, SgxError.ENTRYEPOCH_LOCKED, "no ETRACK on the SECS", "one that runs");
        }
        if ((epcm.update(page, 0, Epcm.BLOCKED) & Epcm.BLOCKED) != 0) {
            return alreadyBlocked();
        }
        // The epoch is read after the page is blocked: whoever may have cached a translation entered in it or before.
        epcm.recordEpoch(page, cpu.requireSecs(secs).epoch());
        return SUCCESS;
    }

    private static Outcome alreadyBlocked() {
        return cf(Check.NOT_BLOCKED, SgxError.BLKSTATE, "EPCM.BLOCKED 0", "EPCM.BLOCKED 1");
    }

    private static Outcome zf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }

    private static Outcome cf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.CF, expected, found);
    }
}
