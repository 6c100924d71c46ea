package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.canonical;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;

import java.util.EnumSet;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.SsaPages;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Tcs;
import org.jspecify.annotations.Nullable;

/** EENTER: enters an enclave at a TCS's entry point (SDM 3D, "EENTER—Enters an Enclave"). */
public final class Eenter {

    /** The checks of EENTER in their order. */
    public enum Check implements LeafCheck {
        DS_USABLE("DS is usable and expands up outside 64-bit mode"),
        CS_AND_DS_BASE("CS.base and DS.base are 0 outside 64-bit mode"),
        ES_BASE("ES.base is 0 outside 64-bit mode"),
        SS_BASE("SS.base is 0 outside 64-bit mode"),
        SS_B("SS.B is 1 outside 64-bit mode"),
        TCS_ALIGNED("RBX (the TCS) is a multiple of 4096"),
        TCS_IN_EPC("RBX (the TCS) is in the EPC"),
        AEP_CANONICAL("RCX (the AEP) is canonical in 64-bit mode"),
        TCS_FREE("no other leaf has the TCS for itself"),
        TCS_VALID("the TCS", PageCondition.VALID),
        TCS_NOT_BLOCKED("the TCS", PageCondition.NOT_BLOCKED),
        TCS_ENCLAVEADDRESS("the TCS", PageCondition.ENCLAVEADDRESS),
        TCS_PT_TCS("the TCS", PageCondition.PT_TCS),
        TCS_NOT_PENDING("the TCS", PageCondition.NOT_PENDING),
        TCS_NOT_MODIFIED("the TCS", PageCondition.NOT_MODIFIED),
        OSSA_ALIGNED("TCS.OSSA is a multiple of 4096"),
        OFSBASE_ALIGNED("TCS.OFSBASE is a multiple of 4096"),
        OGSBASE_ALIGNED("TCS.OGSBASE is a multiple of 4096"),
        FLAGS_RESERVED("the reserved bits of TCS.FLAGS are 0"),
        INITIALIZED("the enclave is initialised"),
        MODE64BIT("the processor is in the enclave's mode, 64-bit or not"),
        OSFXSR("CR4.OSFXSR is 1"),
        XFRM_WITHOUT_XSAVE("XFRM is 3 where CR4.OSXSAVE is 0"),
        XFRM_IN_XCR0("XCR0 has all features of XFRM where CR4.OSXSAVE is 1"),
        AEXNOTIFY("TCS.FLAGS.AEXNOTIFY is as ATTRIBUTES.AEXNOTIFY, unless TCS.FLAGS.DBGOPTIN is 1"),
        CSSA_BELOW_NSSA("an SSA frame is free: TCS.CSSA is below TCS.NSSA"),
        SSA_IN_EPC("the SSA frame's XSAVE area is in the EPC"),
        SSA_VALID(Check.SSA, PageCondition.VALID),
        SSA_NOT_BLOCKED(Check.SSA, PageCondition.NOT_BLOCKED),
        SSA_NOT_PENDING(Check.SSA, PageCondition.NOT_PENDING),
        SSA_NOT_MODIFIED(Check.SSA, PageCondition.NOT_MODIFIED),
        SSA_ENCLAVEADDRESS(Check.SSA, PageCondition.ENCLAVEADDRESS),
        SSA_PT_REG(Check.SSA, PageCondition.PT_REG),
        SSA_OWN_SECS(Check.SSA, PageCondition.OWN_SECS),
        SSA_R(Check.SSA, PageCondition.R),
        SSA_W(Check.SSA, PageCondition.W),
        GPR_IN_EPC("the SSA frame's GPRSGX is in the EPC"),
        GPR_VALID(Check.GPR, PageCondition.VALID),
        GPR_NOT_BLOCKED(Check.GPR, PageCondition.NOT_BLOCKED),
        GPR_NOT_PENDING(Check.GPR, PageCondition.NOT_PENDING),
        GPR_NOT_MODIFIED(Check.GPR, PageCondition.NOT_MODIFIED),
        GPR_ENCLAVEADDRESS(Check.GPR, PageCondition.ENCLAVEADDRESS),
        GPR_PT_REG(Check.GPR, PageCondition.PT_REG),
        GPR_OWN_SECS(Check.GPR, PageCondition.OWN_SECS),
        GPR_R(Check.GPR, PageCondition.R),
        GPR_W(Check.GPR, PageCondition.W),
        GPR_IN_DS("the SSA frame's GPRSGX is in DS outside 64-bit mode"),
        OENTRY_CANONICAL("the entry point is canonical in 64-bit mode"),
        OENTRY_IN_CS("the entry point is in CS outside 64-bit mode"),
        FS_IN_DS("FS of the enclave is in DS outside 64-bit mode"),
        GS_IN_DS("GS of the enclave is in DS outside 64-bit mode"),
        FSBASE_CANONICAL("FS.base of the enclave is canonical in 64-bit mode"),
        GSBASE_CANONICAL("GS.base of the enclave is canonical in 64-bit mode"),
        STATE_INACTIVE("no logical processor is inside with this TCS"),
        CET_ENABLED("CR4.CET is 1 for an enclave that uses CET"),
        OCETSSA_ALIGNED("TCS.OCETSSA is a multiple of 16 in an enclave that uses CET"),
        CET_SAVE_IN_EPC("the CET save area is in the EPC"),
        CET_SAVE_VALID(Check.CET, PageCondition.VALID),
        CET_SAVE_NOT_PENDING(Check.CET, PageCondition.NOT_PENDING),
        CET_SAVE_NOT_MODIFIED(Check.CET, PageCondition.NOT_MODIFIED),
        CET_SAVE_NOT_BLOCKED(Check.CET, PageCondition.NOT_BLOCKED),
        CET_SAVE_R(Check.CET, PageCondition.R),
        CET_SAVE_W(Check.CET, PageCondition.W),
        CET_SAVE_ENCLAVEADDRESS(Check.CET, PageCondition.ENCLAVEADDRESS),
        CET_SAVE_PT_SS_REST(Check.CET, PageCondition.PT_SS_REST),
        CET_SAVE_OWN_SECS(Check.CET, PageCondition.OWN_SECS);

        private static final String SSA = "the SSA frame's XSAVE area";
        private static final String GPR = "the SSA frame's GPRSGX";
        private static final String CET = "the CET save area";

        private final String rule;
        private final @Nullable PageCondition page;

        Check(String rule) {
            this.rule = rule;
            this.page = null;
        }

        Check(String operand, PageCondition page) {
            this.rule = page.rule(operand);
            this.page = page;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EENTER;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final EnclaveOperand TCS =
            EnclaveOperand.read(EnumSet.range(Check.TCS_VALID, Check.TCS_NOT_MODIFIED), check -> check.page);
    private static final SsaOperand SSA = new SsaOperand(
            Check.SSA_IN_EPC,
            EnclaveOperand.written(EnumSet.range(Check.SSA_VALID, Check.SSA_W), check -> check.page),
            Check.GPR_IN_EPC,
            EnclaveOperand.written(EnumSet.range(Check.GPR_VALID, Check.GPR_W), check -> check.page),
            Check.GPR_IN_DS);
    private static final CetState.Checks CET = new CetState.Checks(
            Check.CET_ENABLED,
            Check.OCETSSA_ALIGNED,
            new CetState.SaveArea(
                    Check.CET_SAVE_IN_EPC,
                    EnclaveOperand.written(
                            EnumSet.range(Check.CET_SAVE_VALID, Check.CET_SAVE_OWN_SECS), check -> check.page)));
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EENTER, Outcome.Flags.UNCHANGED);

    private Eenter() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#eenter} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        EnclaveEntry.segments(lp, Check.DS_USABLE, Check.CS_AND_DS_BASE, Check.ES_BASE, Check.SS_BASE, Check.SS_B);
        aligned(rbx, Tcs.ALIGNMENT, Check.TCS_ALIGNED);
        int page = enclavePage(lp, rbx, false, Check.TCS_IN_EPC);
        if (lp.mode64()) {
            canonical(rcx, Check.AEP_CANONICAL);
        }
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.TCS_FREE, "no concurrent leaf", "a leaf that has the TCS for itself");
        }
        try {
            TCS.require(lp, page, rbx, epcm.enclaveSecs(page));
            EnclaveEntry entry = new EnclaveEntry(lp, page);
            boolean entered = false;
            try {
                enter(entry, rbx, rcx);
                entered = true;
            } finally {
                if (!entered) {
                    entry.abandon();
                }
            }
        } finally {
            epcm.releaseShared(page);
        }
        return SUCCESS;
    }

    /**
     * An entry that happened without this model, by a thread that had entered before with the same TCS and left by EEXIT: what was checked then still
     * held. RSP and RBP lie in the SSA frame already, and the registers are those of the thread inside.
     *
     * @param earlier what the processor kept when the thread was inside before
     * @param aep where an AEX goes
     * @param outside what returns when the enclave is left
     */
    public static void happened(LogicalProcessor lp, EnclaveMode earlier, long aep, EnclaveMode.Outside outside) {
        EnclaveEntry.happened(lp, earlier, aep, outside);
    }

    private static void enter(EnclaveEntry entry, long rbx, long rcx) {
        LogicalProcessor lp = entry.lp;
        Tcs tcs = entry.tcs;
        aligned(tcs.ossa(), Epc.PAGE_SIZE, Check.OSSA_ALIGNED);
        aligned(tcs.ofsBase(), Epc.PAGE_SIZE, Check.OFSBASE_ALIGNED);
        aligned(tcs.ogsBase(), Epc.PAGE_SIZE, Check.OGSBASE_ALIGNED);
        entry.flagsReserved(Check.FLAGS_RESERVED);
        entry.initialized(Check.INITIALIZED);
        entry.mode(Check.MODE64BIT);
        entry.osfxsr(Check.OSFXSR);
        entry.xfrm(Check.XFRM_WITHOUT_XSAVE, Check.XFRM_IN_XCR0);
        entry.aexNotify(Check.AEXNOTIFY);
        entry.frameFree(Check.CSSA_BELOW_NSSA);
        SsaPages ssa = SSA.locate(lp, entry.secsPage, entry.secs, tcs, tcs.cssa());
        long target = entry.entryPoint();
        EnclaveEntry.target(lp, target, Check.OENTRY_CANONICAL, Check.OENTRY_IN_CS);
        long fsBase = entry.base(tcs.ofsBase());
        long gsBase = entry.base(tcs.ogsBase());
        if (lp.mode64()) {
            canonical(fsBase, Check.FSBASE_CANONICAL);
            canonical(gsBase, Check.GSBASE_CANONICAL);
        } else {
            entry.segmentInDs(tcs.ofsBase(), tcs.fsLimit(), Check.FS_IN_DS);
            entry.segmentInDs(tcs.ogsBase(), tcs.gsLimit(), Check.GS_IN_DS);
        }
        entry.inactive(Check.STATE_INACTIVE);
        CetState cet = CetState.begin(entry, tcs.cssa(), CET);

        entry.enter(rbx, rcx, ssa, cet, fsBase, gsBase);
        entry.begin(ssa, target);
    }
}
