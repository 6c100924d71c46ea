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
import jsgx.arch.RegisterFile;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.VaPage;

/** EDBGRD: reads from a debug enclave, or whether a VA slot is in use (SDM 3D, "EDBGRD—Read From a Debug Enclave"). */
public final class Edbgrd {

    /** The checks of EDBGRD in their order. */
    public enum Check implements LeafCheck {
        ADDRESS_ALIGNED("RCX is a multiple of 8, outside 64-bit mode of 4"),
        ADDRESS_IN_EPC("RCX is in the EPC"),
        PAGE_FREE("no other leaf changes the page"),
        PAGE_VALID("the page is valid"),
        PAGE_TYPE("the page is PT_REG, PT_TCS or PT_VA, or with CET PT_SS_FIRST or PT_SS_REST"),
        PAGE_DEBUGGABLE("the page is neither PENDING nor MODIFIED"),
        TCS_LIMIT("RCX is below SGX_TCS_LIMIT in a TCS"),
        DEBUG("the enclave that the page belongs to has ATTRIBUTES.DEBUG");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EDBGRD;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EDBGRD, Outcome.Flags.CLEARED);

    /** SGX_TCS_LIMIT, which the manual names without a value (docs/unpublished.md): where the reserved bytes begin. */
    private static final int TCS_LIMIT = 72;

    private static final int TCS_LIMIT_CET = 88;
    private static final long IN_USE = ~7L;
    private static final long EBX = 0xffff_ffffL;

    private Edbgrd() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#edbgrd} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rcx) {
        aligned(rcx, lp.mode64() ? Long.BYTES : Integer.BYTES, Check.ADDRESS_ALIGNED);
        int page = epcPage(lp, rcx, Check.ADDRESS_IN_EPC);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            return read(lp, page, rcx);
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static Outcome read(LogicalProcessor lp, int page, long rcx) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        if (!epcm.valid(page)) {
            throw pf(lp, Check.PAGE_VALID, rcx, "a valid page", "EPCM.VALID 0");
        }
        PageType type = PageType.of(epcm.pageType(page));
        switch (type) {
            case REG, TCS, VA, SS_FIRST, SS_REST -> {}
            default -> throw pf(lp, Check.PAGE_TYPE, rcx, "PT_REG, PT_TCS or PT_VA", "PT_" + type);
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
        MemorySegment content = cpu.epc().page(page);
        int tcsLimit = cpu.features().cet() ? TCS_LIMIT_CET : TCS_LIMIT;
        if (type == PageType.TCS && at >= tcsLimit) {
            throw gp(Check.TCS_LIMIT, "an offset below " + hex(tcsLimit), hex(at));
        }
        long value;
        if (type == PageType.VA) {
            // Whether the slot is in use, and no more: versions stay secret. Outside 64-bit mode, the slot around RCX.
            value = (new VaPage(content).slot(at / VaPage.SLOT_SIZE) & IN_USE) != 0 ? -1 : 0;
        } else {
            // The newest text would read a shadow-stack page as if it were a version array: it is the enclave's.
            checkDebug(cpu, page);
            value = lp.mode64() ? Layouts.u64(content, at) : Layouts.u32(content, at);
        }
        lp.registers().set(RegisterFile.Register.RBX, lp.mode64() ? value : value & EBX);
        return SUCCESS;
    }

    private static void checkDebug(ProcessorPackage cpu, int page) {
        Attributes attributes = new Secs(cpu.epc().page(cpu.epcm().enclaveSecs(page))).attributes();
        if (!attributes.has(Attributes.DEBUG)) {
            throw gp(Check.DEBUG, "ATTRIBUTES.DEBUG", attributes.toString());
        }
    }
}
