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
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SgxError;

/** EMODT: makes a TCS of a page, or trims it (SDM 3D, "EMODT—Change the Type of an EPC Page"). */
public final class Emodt {

    /** The checks of EMODT in their order. */
    public enum Check implements LeafCheck {
        SECINFO_ALIGNED("RBX (SECINFO) is a multiple of 64"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        SECINFO_PT("SECINFO.FLAGS.PT is PT_TCS or PT_TRIM"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        EPC_PAGE_VALID("the EPC page is valid"),
        SGX2_FREE("no other leaf of SGX2 uses the EPC page"),
        PAGE_TYPE("the EPC page is PT_REG, or PT_TCS, PT_SS_FIRST or PT_SS_REST that becomes PT_TRIM"),
        MODIFIABLE("EPCM.PENDING and EPCM.MODIFIED are 0"),
        SECS_INITIALIZED("the enclave is initialised");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EMODT;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EMODT, Outcome.Flags.CLEARED);

    private Emodt() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#emodt} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);

        Secinfo secinfo = new Secinfo(Operands.read(lp, rbx, Secinfo.SIZE, Check.SECINFO_ALIGNED));
        PageType type = secinfo.pageType();
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        if (type != PageType.TCS && type != PageType.TRIM) {
            throw gp(Check.SECINFO_PT, "PT_TCS or PT_TRIM", "PT_" + type);
        }

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            return zf(
                    Check.EPC_PAGE_FREE, SgxError.EPC_PAGE_CONFLICT, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (!epcm.valid(page)) {
                throw pf(lp, Check.EPC_PAGE_VALID, rcx, "a valid page", "EPCM.VALID 0");
            }
            if (!epcm.trySgx2(page)) {
                return zf(
                        Check.SGX2_FREE,
                        SgxError.EPC_PAGE_CONFLICT,
                        "no concurrent EACCEPT, EACCEPTCOPY, EMODPE, EMODPR or EMODT",
                        "one that runs");
            }
            try {
                return modify(lp, page, rcx, type);
            } finally {
                epcm.releaseSgx2(page);
            }
        } finally {
            epcm.releaseExclusive(page);
        }
    }

    private static Outcome modify(LogicalProcessor lp, int page, long rcx, PageType type) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        PageType current = PageType.of(epcm.pageType(page));
        boolean changeable = switch (current) {
            case REG -> true;
            case TCS, SS_FIRST, SS_REST -> type == PageType.TRIM;
            default -> false;
        };
        if (!changeable) {
            throw pf(lp, Check.PAGE_TYPE, rcx, "a page that can become PT_" + type, "PT_" + current);
        }
        if (epcm.has(page, Epcm.PENDING | Epcm.MODIFIED)) {
            return zf(
                    Check.MODIFIABLE,
                    SgxError.PAGE_NOT_MODIFIABLE,
                    "a page that waits for no EACCEPT",
                    epcm.has(page, Epcm.PENDING) ? "EPCM.PENDING 1" : "EPCM.MODIFIED 1");
        }
        int secs = epcm.enclaveSecs(page);
        if (!new Secs(cpu.epc().page(secs)).attributes().has(Attributes.INIT)) {
            throw gp(Check.SECS_INITIALIZED, "ATTRIBUTES.INIT 1", "an enclave before EINIT");
        }
        epcm.update(page, Epcm.PR | Epcm.RWX | Epcm.PT_MASK, Epcm.MODIFIED | type.code() << Epcm.PT_SHIFT);
        epcm.recordEpoch(page, cpu.requireSecs(secs).epoch());
        return SUCCESS;
    }

    private static Outcome zf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}
