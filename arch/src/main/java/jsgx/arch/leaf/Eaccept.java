package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.enclavePage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.inElrange;

import java.util.EnumSet;
import jsgx.arch.EnclaveMode;
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
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;
import jsgx.arch.struct.Tcs;
import org.jspecify.annotations.Nullable;

/** EACCEPT: the enclave agrees to a change of one of its pages (SDM 3D, "EACCEPT—Accept Changes to an EPC Page"). */
public final class Eaccept {

    /** The checks of EACCEPT in their order. */
    public enum Check implements LeafCheck {
        SECINFO_ALIGNED("RBX (SECINFO) is a multiple of 64"),
        SECINFO_IN_ELRANGE("RBX (SECINFO) is in ELRANGE"),
        SECINFO_IN_EPC("RBX (SECINFO) is in the EPC"),
        SECINFO_VALID("SECINFO", PageCondition.VALID),
        SECINFO_R("SECINFO", PageCondition.R),
        SECINFO_NOT_PENDING("SECINFO", PageCondition.NOT_PENDING),
        SECINFO_NOT_MODIFIED("SECINFO", PageCondition.NOT_MODIFIED),
        SECINFO_NOT_BLOCKED("SECINFO", PageCondition.NOT_BLOCKED),
        SECINFO_PT_REG("SECINFO", PageCondition.PT_REG),
        SECINFO_OWN_SECS("SECINFO", PageCondition.OWN_SECS),
        SECINFO_ENCLAVEADDRESS("SECINFO", PageCondition.ENCLAVEADDRESS),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        TARGET_ALIGNED("RCX (the target) is a multiple of 4096"),
        TARGET_IN_ELRANGE("RCX (the target) is in ELRANGE"),
        TARGET_IN_EPC("RCX (the target) is in the EPC"),
        REQUEST_LEGAL("SECINFO.FLAGS names a state of a page that can be accepted"),
        TARGET_VALID("the target", PageCondition.VALID),
        TARGET_NOT_BLOCKED("the target", PageCondition.NOT_BLOCKED),
        TARGET_PT_ACCEPTABLE("the target", PageCondition.PT_ACCEPTABLE),
        TARGET_OWN_SECS("the target", PageCondition.OWN_SECS),
        TARGET_FREE("no other leaf uses the target"),
        TARGET_ENCLAVEADDRESS("EPCM.ENCLAVEADDRESS is RCX"),
        TARGET_PENDING("EPCM.PENDING is as in SECINFO"),
        TARGET_MODIFIED("EPCM.MODIFIED is as in SECINFO"),
        TARGET_R("EPCM.R is as in SECINFO"),
        TARGET_W("EPCM.W is as in SECINFO"),
        TARGET_X("EPCM.X is as in SECINFO"),
        TARGET_PT("EPCM.PT is as in SECINFO"),
        TRACKED("all threads that were inside when the page changed have left the enclave"),
        TCS_RESERVED("the reserved fields of the TCS are 0"),
        TCS_DBGOPTIN("TCS.FLAGS.DBGOPTIN is 0"),
        TCS_CSSA("TCS.CSSA is below TCS.NSSA"),
        TCS_AEP("TCS.AEP is 0"),
        TCS_STATE("TCS.STATE is 0"),
        TCS_PREVSSP("TCS.PREVSSP is 0"),
        TCS_LIMITS("FSLIMIT and GSLIMIT end in FFFH outside 64-bit mode");

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
            return Leaf.EACCEPT;
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
    private static final EnclaveOperand LOCKED_TARGET =
            EnclaveOperand.read(EnumSet.of(Check.TARGET_VALID, Check.TARGET_OWN_SECS), check -> check.page);
    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EACCEPT, Outcome.Flags.CLEARED);
    private static final long LIMIT_END = 0xfff;

    private Eaccept() {}

    /** Runs the leaf; {@link jsgx.arch.Enclu#eaccept} is the way in. */
    public static Outcome run(LogicalProcessor lp, EnclaveMode mode, long rbx, long rcx) {
        aligned(rbx, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        inElrange(mode, rbx, Check.SECINFO_IN_ELRANGE);
        int secinfoPage = enclavePage(lp, rbx, false, Check.SECINFO_IN_EPC);
        Secinfo secinfo = Secinfo.of(
                SECINFO.bytes(lp, secinfoPage, rbx, mode.secs(), Secinfo.SIZE).toArray(Layouts.U8));
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        aligned(rcx, Epc.PAGE_SIZE, Check.TARGET_ALIGNED);
        inElrange(mode, rcx, Check.TARGET_IN_ELRANGE);
        int page = enclavePage(lp, rcx, false, Check.TARGET_IN_EPC);
        if (!isLegal(secinfo, lp.processorPackage().features().cet())) {
            throw gp(
                    Check.REQUEST_LEGAL,
                    "PT_REG with PENDING or PR, or PT_TCS or PT_TRIM with MODIFIED alone",
                    "PT_" + secinfo.pageType() + " in FLAGS " + hex(secinfo.flags()));
        }
        TARGET.require(lp, page, rcx, mode.secs());

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw inUse();
        }
        try {
            if (!epcm.trySgx2(page)) {
                throw inUse();
            }
            try {
                LOCKED_TARGET.require(lp, page, rcx, mode.secs());
                return accept(lp, mode, page, rcx, secinfo);
            } finally {
                epcm.releaseSgx2(page);
            }
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static RuntimeException inUse() {
        return gp(Check.TARGET_FREE, "no concurrent leaf", "a leaf that uses the page");
    }

    private static boolean isLegal(Secinfo secinfo, boolean cet) {
        return switch (secinfo.pageType()) {
            case REG -> (secinfo.pr() || secinfo.pending()) && !secinfo.modified();
            case TCS, TRIM -> secinfo.modified() && !secinfo.pr() && !secinfo.pending();
            case SS_FIRST, SS_REST -> cet && secinfo.pending() && !secinfo.modified() && !secinfo.pr();
            case SECS, VA, RESERVED -> false;
        };
    }

    private static Outcome accept(LogicalProcessor lp, EnclaveMode mode, int page, long rcx, Secinfo secinfo) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        Outcome mismatch = compare(epcm, page, rcx, secinfo);
        if (mismatch != null) {
            return mismatch;
        }
        if (!mode.enclave().tracked(epcm.blockEpoch(page))) {
            return error(
                    Check.TRACKED,
                    SgxError.NOT_TRACKED,
                    "an ETRACK after the change, and every thread of before it gone",
                    mode.enclave().threadsBefore() + " of " + mode.enclave().threads()
                            + " threads of before the last ETRACK");
        }
        if (secinfo.pageType() == PageType.TCS) {
            checkTcs(cpu, new Tcs(cpu.epc().page(page)), new Secs(cpu.epc().page(mode.secs())));
        }
        epcm.update(page, Epcm.PENDING | Epcm.MODIFIED | Epcm.PR, 0);
        return SUCCESS;
    }

    /** The error for a page that is not as SECINFO says; null where it is. PR is not compared. */
    private static @Nullable Outcome compare(Epcm epcm, int page, long rcx, Secinfo secinfo) {
        if (epcm.enclaveAddress(page) != rcx) {
            return mismatch(Check.TARGET_ENCLAVEADDRESS, hex(rcx), hex(epcm.enclaveAddress(page)));
        }
        int flags = epcm.flags(page);
        long differing = flags ^ secinfo.flags();
        Check check = null;
        if ((differing & Epcm.PENDING) != 0) {
            check = Check.TARGET_PENDING;
        } else if ((differing & Epcm.MODIFIED) != 0) {
            check = Check.TARGET_MODIFIED;
        } else if ((differing & Epcm.R) != 0) {
            check = Check.TARGET_R;
        } else if ((differing & Epcm.W) != 0) {
            check = Check.TARGET_W;
        } else if ((differing & Epcm.X) != 0) {
            check = Check.TARGET_X;
        } else if ((differing & Epcm.PT_MASK) != 0) {
            check = Check.TARGET_PT;
        }
        return check == null
                ? null
                : mismatch(check, "FLAGS " + hex(secinfo.flags()), "EPCM " + hex(flags & Epcm.SECINFO_MASK));
    }

    private static void checkTcs(ProcessorPackage cpu, Tcs tcs, Secs secs) {
        boolean cet = cpu.features().cet();
        long flags = Tcs.DBGOPTIN | (cpu.features().aexNotify() ? Tcs.AEXNOTIFY : 0);
        if (!tcs.reservedIsZero() || (tcs.flags() & ~flags) != 0 || !(cet || tcs.cetFieldsAreZero())) {
            throw gp(Check.TCS_RESERVED, "0 in the reserved fields", "FLAGS " + hex(tcs.flags()) + " or other bytes");
        }
        if ((tcs.flags() & Tcs.DBGOPTIN) != 0) {
            throw gp(Check.TCS_DBGOPTIN, "DBGOPTIN 0", "FLAGS " + hex(tcs.flags()));
        }
        if (Integer.compareUnsigned(tcs.cssa(), tcs.nssa()) >= 0) {
            throw gp(
                    Check.TCS_CSSA,
                    "CSSA below NSSA " + Integer.toUnsignedString(tcs.nssa()),
                    "CSSA " + Integer.toUnsignedString(tcs.cssa()));
        }
        if (tcs.aep() != 0) {
            throw gp(Check.TCS_AEP, "0", hex(tcs.aep()));
        }
        if (tcs.state() != Tcs.INACTIVE) {
            throw gp(Check.TCS_STATE, "0", hex(tcs.state()));
        }
        if (cet && tcs.prevSsp() != 0) {
            throw gp(Check.TCS_PREVSSP, "0", hex(tcs.prevSsp()));
        }
        boolean limits = (tcs.fsLimit() & tcs.gsLimit() & LIMIT_END) == LIMIT_END;
        if (!limits && !secs.attributes().has(Attributes.MODE64BIT)) {
            throw gp(Check.TCS_LIMITS, "FFFH", hex(tcs.fsLimit()) + " and " + hex(tcs.gsLimit()));
        }
    }

    private static Outcome mismatch(Check check, String expected, String found) {
        return error(check, SgxError.PAGE_ATTRIBUTES_MISMATCH, expected, found);
    }

    private static Outcome error(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}
