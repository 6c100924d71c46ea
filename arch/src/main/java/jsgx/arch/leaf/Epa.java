package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;

/** EPA: makes an empty version array of an EPC page (SDM 3D, "EPA—Add Version Array"). */
public final class Epa {

    /** The checks of EPA in their order. */
    public enum Check implements LeafCheck {
        RBX_PT_VA("RBX is PT_VA (3)"),
        PAGE_ALIGNED("RCX is a multiple of 4096"),
        PAGE_IN_EPC("RCX is in the EPC"),
        PAGE_FREE("no other leaf uses the page"),
        EPCM_INVALID("the EPC page is not in use (EPCM.VALID is 0)");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EPA;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EPA, Outcome.Flags.UNCHANGED);

    private Epa() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#epa} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        if (rbx != PageType.VA.code()) {
            throw gp(Check.RBX_PT_VA, hex(PageType.VA.code()), hex(rbx));
        }
        aligned(rcx, Epc.PAGE_SIZE, Check.PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.PAGE_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (epcm.valid(page)) {
                throw pf(lp, Check.EPCM_INVALID, rcx, "a free page", "PT_" + PageType.of(epcm.pageType(page)));
            }
            lp.processorPackage().epc().page(page).fill((byte) 0);
            epcm.set(page, PageType.VA.code() << Epcm.PT_SHIFT, 0, Epcm.NO_SECS);
        } finally {
            epcm.releaseExclusive(page);
        }
        return SUCCESS;
    }
}
