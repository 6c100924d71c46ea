package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.inElrange;

import java.util.EnumSet;
import java.util.Set;
import jsgx.arch.EnclaveMode;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secinfo;
import org.jspecify.annotations.Nullable;

/** EMODPE: the enclave extends the permissions of one of its pages (SDM 3D, "EMODPE—Extend an EPC Page Permissions"). */
public final class Emodpe {

    /** The checks of EMODPE in their order. */
    public enum Check implements LeafCheck {
        SECINFO_ALIGNED("RBX (SECINFO) is a multiple of 64"),
        TARGET_ALIGNED("RCX (the target) is a multiple of 4096"),
        SECINFO_IN_ELRANGE("RBX (SECINFO) is in ELRANGE"),
        TARGET_IN_ELRANGE("RCX (the target) is in ELRANGE"),
        SECINFO_IN_EPC("RBX (SECINFO) is in the EPC"),
        TARGET_IN_EPC("RCX (the target) is in the EPC"),
        SECINFO_VALID("SECINFO", PageCondition.VALID),
        SECINFO_R("SECINFO", PageCondition.R),
        SECINFO_NOT_PENDING("SECINFO", PageCondition.NOT_PENDING),
        SECINFO_NOT_MODIFIED("SECINFO", PageCondition.NOT_MODIFIED),
        SECINFO_NOT_BLOCKED("SECINFO", PageCondition.NOT_BLOCKED),
        SECINFO_PT_REG("SECINFO", PageCondition.PT_REG),
        SECINFO_OWN_SECS("SECINFO", PageCondition.OWN_SECS),
        SECINFO_ENCLAVEADDRESS("SECINFO", PageCondition.ENCLAVEADDRESS),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        TARGET_VALID("the target", PageCondition.VALID),
        TARGET_NOT_PENDING("the target", PageCondition.NOT_PENDING),
        TARGET_NOT_MODIFIED("the target", PageCondition.NOT_MODIFIED),
        TARGET_NOT_BLOCKED("the target", PageCondition.NOT_BLOCKED),
        TARGET_PT_REG("the target", PageCondition.PT_REG),
        TARGET_OWN_SECS("the target", PageCondition.OWN_SECS),
        TARGET_FREE("no other leaf of SGX2 uses the target"),
        TARGET_ENCLAVEADDRESS("the target", PageCondition.ENCLAVEADDRESS),
        W_NEEDS_R("SECINFO.FLAGS.W is 0, or R is 1 in SECINFO or in the EPCM");

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
            return Leaf.EMODPE;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final EnclaveOperand SECINFO =
            EnclaveOperand.read(EnumSet.range(Check.SECINFO_VALID, Check.SECINFO_ENCLAVEADDRESS), check -> check.page);
    private static final EnclaveOperand TARGET =
            EnclaveOperand.read(EnumSet.range(Check.TARGET_VALID, Check.TARGET_OWN_SECS), check -> check.page);
    private static final EnclaveOperand LOCKED_TARGET = EnclaveOperand.read(lockedTarget(), check -> check.page);
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EMODPE, Outcome.Flags.UNCHANGED);

    private Emodpe() {}

    /** What is checked once no other leaf can change the target: all but BLOCKED again, and the address. */
    private static Set<Check> lockedTarget() {
        Set<Check> checks = EnumSet.range(Check.TARGET_VALID, Check.TARGET_ENCLAVEADDRESS);
        checks.remove(Check.TARGET_NOT_BLOCKED);
        checks.remove(Check.TARGET_FREE);
        return checks;
    }

    /** Runs the leaf; {@link jsgx.arch.Enclu#emodpe} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx, long rcx) {
        aligned(rbx, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.TARGET_ALIGNED);
        inElrange(mode, rbx, Check.SECINFO_IN_ELRANGE);
        inElrange(mode, rcx, Check.TARGET_IN_ELRANGE);
        int secinfoPage = enclavePage(lp, rbx, false, Check.SECINFO_IN_EPC);
        int page = enclavePage(lp, rcx, false, Check.TARGET_IN_EPC);
        Secinfo secinfo = Secinfo.of(
                SECINFO.bytes(lp, secinfoPage, rbx, mode.secs(), Secinfo.SIZE).toArray(Layouts.U8));
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        TARGET.require(lp, page, rcx, mode.secs());

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.trySgx2(page)) {
            throw gp(Check.TARGET_FREE, "no concurrent EACCEPT, EACCEPTCOPY, EMODPE, EMODPR or EMODT", "one that runs");
        }
        try {
            LOCKED_TARGET.require(lp, page, rcx, mode.secs());
            if (!epcm.has(page, Epcm.R) && !secinfo.r() && secinfo.w()) {
                throw gp(Check.W_NEEDS_R, "R with W", "FLAGS " + hex(secinfo.flags()) + " and EPCM.R 0");
            }
            epcm.update(page, 0, (int) secinfo.flags() & Epcm.RWX);
        } finally {
            epcm.releaseSgx2(page);
        }
        return SUCCESS;
    }
}
