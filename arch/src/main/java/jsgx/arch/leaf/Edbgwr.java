package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;

/** EDBGWR: writes to a debug enclave (SDM 3D, "EDBGWR—Write to a Debug Enclave"). */
public final class Edbgwr {

    /** The checks of EDBGWR in their order. */
    public enum Check implements LeafCheck {
        ADDRESS_ALIGNED("RCX is a multiple of 8, outside 64-bit mode of 4"),
        ADDRESS_IN_EPC("RCX is in the EPC"),
        PAGE_FREE("no other leaf changes the page"),
        PAGE_VALID("the page is valid"),
        PAGE_TYPE("the page is PT_REG or PT_TCS, or with CET PT_SS_FIRST or PT_SS_REST"),
        PAGE_DEBUGGABLE("the page is neither PENDING nor MODIFIED"),
        TCS_FLAGS("RCX is TCS.FLAGS in a TCS"),
        DEBUG("the enclave that the page belongs to has ATTRIBUTES.DEBUG");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EDBGWR;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EDBGWR, Outcome.Flags.CLEARED);

    private static final int OFFSET_OF_FLAGS = 8;
    private static final int QUADWORD = 0xff8;

    private Edbgwr() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#edbgwr} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rcx, lp.mode64() ? Long.BYTES : Integer.BYTES, Check.ADDRESS_ALIGNED);
        int page = epcPage(lp, rcx, Check.ADDRESS_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            return write(lp, page, rbx, rcx);
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static Outcome write(LogicalProcessor lp, int page, long rbx, long rcx) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        if (!epcm.valid(page)) {
            throw pf(lp, Check.PAGE_VALID, rcx, "a valid page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(page));
        switch (type) {
            case REG, TCS, SS_FIRST, SS_REST -> {}
            default -> throw pf(lp, Check.PAGE_TYPE, rcx, "PT_REG or PT_TCS", "PT_" + type);
        }
        if (epcm.has(page, Epcm.PENDING | Epcm.MODIFIED)) {
            return new Outcome.Error(
                    Check.PAGE_DEBUGGABLE,
                    SgxError.PAGE_NOT_DEBUGGABLE,
                    Outcome.Flags.ZF,
                    "PENDING 0 and MODIFIED 0",
                    "EPCM flags " + hex(epcm.flags(page)));
        }
        int at = (int) rcx & (Epc.PAGE_SIZE - 1);
        if (type == PageType.TCS && (at & QUADWORD) != OFFSET_OF_FLAGS) {
            throw gp(Check.TCS_FLAGS, "offset " + hex(OFFSET_OF_FLAGS), "offset " + hex(at));
        }
        Attributes attributes = new Secs(cpu.epc().page(epcm.enclaveSecs(page))).attributes();
        if (!attributes.has(Attributes.DEBUG)) {
            throw gp(Check.DEBUG, "ATTRIBUTES.DEBUG", attributes.toString());
        }
        MemorySegment content = cpu.epc().page(page);
        if (lp.mode64()) {
            Layouts.u64(content, at, rbx);
        } else {
            Layouts.u32(content, at, (int) rbx);
        }
        return SUCCESS;
    }
}
