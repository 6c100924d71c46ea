package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.gp;

import java.util.EnumSet;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.SsaPages;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;
import org.jspecify.annotations.Nullable;

/** EDECCSSA: gives the running thread the SSA frame below its own (SDM 3D, "EDECCSSA—Decrements TCS.CSSA"). */
public final class Edeccssa {

    /** The checks of EDECCSSA in their order. */
    public enum Check implements LeafCheck {
        TCS_FREE("no other leaf has the TCS for itself"),
        CSSA_NOT_ZERO("there is a frame below: TCS.CSSA is not 0"),
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
            return Leaf.EDECCSSA;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final SsaOperand SSA = new SsaOperand(
            Check.SSA_IN_EPC,
            EnclaveOperand.written(EnumSet.range(Check.SSA_VALID, Check.SSA_W), check -> check.page),
            Check.GPR_IN_EPC,
            EnclaveOperand.written(EnumSet.range(Check.GPR_VALID, Check.GPR_W), check -> check.page),
            Check.GPR_IN_DS);
    private static final CetState.SaveArea CET = new CetState.SaveArea(
            Check.CET_SAVE_IN_EPC,
            EnclaveOperand.written(EnumSet.range(Check.CET_SAVE_VALID, Check.CET_SAVE_OWN_SECS), check -> check.page));
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EDECCSSA, Outcome.Flags.UNCHANGED);

    private Edeccssa() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#edeccssa} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode) {
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(mode.tcs())) {
            throw gp(Check.TCS_FREE, "no concurrent leaf", "a leaf that has the TCS for itself");
        }
        try {
            decrement(lp, mode);
        } finally {
            epcm.releaseShared(mode.tcs());
        }
        return SUCCESS;
    }

    private static void decrement(LogicalProcessor lp, EnclaveMode mode) {
        ProcessorPackage cpu = lp.processorPackage();
        Tcs tcs = new Tcs(cpu.epc().page(mode.tcs()));
        Secs secs = new Secs(cpu.epc().page(mode.secs()));
        if (tcs.cssa() == 0) {
            throw gp(Check.CSSA_NOT_ZERO, "CSSA above 0", "CSSA 0");
        }
        int frame = tcs.cssa() - 1;
        SsaPages ssa = SSA.locate(lp, mode.secs(), secs, tcs, frame);
        long cetSaveArea = CET.locate(lp, mode.secs(), secs, tcs, frame);

        tcs.cssa(frame);
        lp.enclaveMode(mode.with(ssa, cetSaveArea));
    }
}
