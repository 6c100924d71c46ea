package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.pf;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secs;

/** EEXTEND: measures 256 bytes of a page (SDM 3D, "EEXTEND—Extend Uninitialized Enclave Measurement by 256 Bytes"). */
public final class Eextend {

    /** The checks of EEXTEND in their order. */
    public enum Check implements LeafCheck {
        SECS_ALIGNED("RBX (the SECS) is a multiple of 4096"),
        SECS_IN_EPC("RBX is in the EPC"),
        CHUNK_ALIGNED("RCX (the chunk) is a multiple of 256"),
        CHUNK_IN_EPC("RCX is in the EPC"),
        PAGE_FREE("no other leaf uses the page"),
        PAGE_VALID("the page is valid"),
        PAGE_TYPE("the page is PT_REG or PT_TCS, or with CET PT_SS_FIRST or PT_SS_REST"),
        SECS_IS_THE_PAGES("RBX is the SECS of the page"),
        MEASUREMENT_FREE("no other leaf updates the measurement"),
        SECS_UNINITIALIZED("the enclave is not initialised");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EEXTEND;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EEXTEND, Outcome.Flags.UNCHANGED);

    private Eextend() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eextend} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Secs.ALIGNMENT, Check.SECS_ALIGNED);
        int secsPage = epcPage(lp, rbx, Check.SECS_IN_EPC);
        aligned(rcx, Measurement.CHUNK, Check.CHUNK_ALIGNED);
        int page = epcPage(lp, rcx, Check.CHUNK_IN_EPC);

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            extend(lp, secsPage, page, rcx);
        } finally {
            epcm.releaseShared(page);
        }
        return SUCCESS;
    }

    private static void extend(LogicalProcessor lp, int secsPage, int page, long rcx) {
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
        SecsState state = cpu.secs(secsPage);
        if (epcm.enclaveSecs(page) != secsPage || state == null) {
            throw gp(Check.SECS_IS_THE_PAGES, "the SECS of the page", "another page");
        }
        if (!epcm.tryMeasuring(secsPage)) {
            throw gp(Check.MEASUREMENT_FREE, "no concurrent EADD, EEXTEND or EINIT", "one that runs");
        }
        try {
            Secs secs = new Secs(cpu.epc().page(secsPage));
            Measurement measurement = state.measurement();
            if (measurement == null || secs.attributes().has(Attributes.INIT)) {
                throw gp(Check.SECS_UNINITIALIZED, "ATTRIBUTES.INIT 0", "an initialised enclave");
            }
            long inPage = rcx & (Epc.PAGE_SIZE - 1);
            long offset = epcm.enclaveAddress(page) - secs.baseAddr() + inPage;
            measurement.eextend(offset, cpu.epc().page(page), inPage);
        } finally {
            epcm.releaseMeasuring(secsPage);
        }
    }
}
