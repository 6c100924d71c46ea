package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.inElrange;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.SgxError;
import org.jspecify.annotations.Nullable;

/**
 * EACCEPTCOPY: the enclave takes a page that EAUG gave it and fills it from another one (SDM 3D, "EACCEPTCOPY—Initialize a
 * Pending Page").
 */
public final class Eacceptcopy {

    /** The checks of EACCEPTCOPY in their order. */
    public enum Check implements LeafCheck {
        SECINFO_ALIGNED("RBX (SECINFO) is a multiple of 64"),
        TARGET_ALIGNED("RCX (the target) is a multiple of 4096"),
        SOURCE_ALIGNED("RDX (the source) is a multiple of 4096"),
        SECINFO_IN_ELRANGE("RBX (SECINFO) is in ELRANGE"),
        TARGET_IN_ELRANGE("RCX (the target) is in ELRANGE"),
        SOURCE_IN_ELRANGE("RDX (the source) is in ELRANGE"),
        SECINFO_IN_EPC("RBX (SECINFO) is in the EPC"),
        TARGET_IN_EPC("RCX (the target) is in the EPC"),
        SOURCE_IN_EPC("RDX (the source) is in the EPC"),
        SECINFO_VALID("SECINFO", PageCondition.VALID),
        SECINFO_R("SECINFO", PageCondition.R),
        SECINFO_NOT_PENDING("SECINFO", PageCondition.NOT_PENDING),
        SECINFO_NOT_MODIFIED("SECINFO", PageCondition.NOT_MODIFIED),
        SECINFO_NOT_BLOCKED("SECINFO", PageCondition.NOT_BLOCKED),
        SECINFO_PT_REG("SECINFO", PageCondition.PT_REG),
        SECINFO_OWN_SECS("SECINFO", PageCondition.OWN_SECS),
        SECINFO_ENCLAVEADDRESS("SECINFO", PageCondition.ENCLAVEADDRESS),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        SECINFO_W_NEEDS_R("SECINFO.FLAGS.W is 0 or R is 1"),
        SECINFO_PT("SECINFO.FLAGS.PT is PT_REG"),
        SOURCE_VALID("the source", PageCondition.VALID),
        SOURCE_R("the source", PageCondition.R),
        SOURCE_NOT_PENDING("the source", PageCondition.NOT_PENDING),
        SOURCE_NOT_MODIFIED("the source", PageCondition.NOT_MODIFIED),
        SOURCE_NOT_BLOCKED("the source", PageCondition.NOT_BLOCKED),
        SOURCE_PT_REG("the source", PageCondition.PT_REG),
        SOURCE_OWN_SECS("the source", PageCondition.OWN_SECS),
        SOURCE_ENCLAVEADDRESS("the source", PageCondition.ENCLAVEADDRESS),
        TARGET_VALID("the target", PageCondition.VALID),
        TARGET_PENDING("the target", PageCondition.PENDING),
        TARGET_NOT_MODIFIED("the target", PageCondition.NOT_MODIFIED),
        TARGET_NOT_BLOCKED("the target", PageCondition.NOT_BLOCKED),
        TARGET_PT_REG("the target", PageCondition.PT_REG),
        TARGET_OWN_SECS("the target", PageCondition.OWN_SECS),
        TARGET_FREE("no other leaf uses the target"),
        TARGET_R("the target", PageCondition.R),
        TARGET_W("the target", PageCondition.W),
        TARGET_NOT_X("the target", PageCondition.NOT_X),
        TARGET_ENCLAVEADDRESS("the target", PageCondition.ENCLAVEADDRESS);

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
            return Leaf.EACCEPTCOPY;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final EnclaveOperand SECINFO =
            EnclaveOperand.read(EnumSet.range(Check.SECINFO_VALID, Check.SECINFO_ENCLAVEADDRESS), check -> check.page);
    private static final EnclaveOperand SOURCE =
            EnclaveOperand.read(EnumSet.range(Check.SOURCE_VALID, Check.SOURCE_ENCLAVEADDRESS), check -> check.page);
    private static final EnclaveOperand TARGET =
            EnclaveOperand.written(EnumSet.range(Check.TARGET_VALID, Check.TARGET_OWN_SECS), check -> check.page);
    private static final EnclaveOperand LOCKED_TARGET = EnclaveOperand.written(lockedTarget(), check -> check.page);
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EACCEPTCOPY, Outcome.Flags.CLEARED);

    private Eacceptcopy() {}

    /** What is checked once no other leaf can change the target: all but BLOCKED again, and what EAUG gives. */
    private static Set<Check> lockedTarget() {
        Set<Check> checks = EnumSet.range(Check.TARGET_VALID, Check.TARGET_ENCLAVEADDRESS);
        checks.remove(Check.TARGET_NOT_BLOCKED);
        checks.remove(Check.TARGET_FREE);
        return checks;
    }

    /** Runs the leaf; {@link jsgx.arch.Enclu#eacceptcopy} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx, long rcx, long rdx) {
        aligned(rbx, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.TARGET_ALIGNED);
        aligned(rdx, Epc.PAGE_SIZE, Check.SOURCE_ALIGNED);
        inElrange(mode, rbx, Check.SECINFO_IN_ELRANGE);
        inElrange(mode, rcx, Check.TARGET_IN_ELRANGE);
        inElrange(mode, rdx, Check.SOURCE_IN_ELRANGE);
        int secinfoPage = enclavePage(lp, rbx, false, Check.SECINFO_IN_EPC);
        int target = enclavePage(lp, rcx, true, Check.TARGET_IN_EPC);
        int source = enclavePage(lp, rdx, false, Check.SOURCE_IN_EPC);

        int secs = mode.secs();
        Secinfo secinfo = Secinfo.of(
                SECINFO.bytes(lp, secinfoPage, rbx, secs, Secinfo.SIZE).toArray(Layouts.U8));
        checkSecinfo(secinfo);
        MemorySegment content = SOURCE.bytes(lp, source, rdx, secs, Epc.PAGE_SIZE);
        ProcessorPackage cpu = lp.processorPackage();
        EnclaveOperand.Violation violation = TARGET.violation(cpu, target, rcx, secs);
        if (violation != null) {
            return mismatch(violation);
        }
        Epcm epcm = cpu.epcm();
        if (!epcm.trySgx2(target)) {
            throw gp(Check.TARGET_FREE, "no concurrent EACCEPT, EACCEPTCOPY, EMODPE, EMODPR or EMODT", "one that runs");
        }
        try {
            violation = LOCKED_TARGET.violation(cpu, target, rcx, secs);
            if (violation != null) {
                return mismatch(violation);
            }
            cpu.epc().page(target).copyFrom(content);
            epcm.update(target, Epcm.RWX | Epcm.PENDING, (int) secinfo.flags() & Epcm.RWX);
        } finally {
            epcm.releaseSgx2(target);
        }
        return SUCCESS;
    }

    private static void checkSecinfo(Secinfo secinfo) {
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        if (secinfo.w() && !secinfo.r()) {
            throw gp(Check.SECINFO_W_NEEDS_R, "R with W", "FLAGS " + hex(secinfo.flags()));
        }
        if (secinfo.pageType() != PageType.REG) {
            throw gp(Check.SECINFO_PT, "PT_REG", "PT_" + secinfo.pageType());
        }
    }

    private static Outcome mismatch(EnclaveOperand.Violation violation) {
        return new Outcome.Error(
                violation.check(),
                SgxError.PAGE_ATTRIBUTES_MISMATCH,
                Outcome.Flags.ZF,
                violation.expected(),
                violation.found());
    }
}
