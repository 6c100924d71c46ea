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

/** EMODPR: takes permissions from a page (SDM 3D, "EMODPR—Restrict the Permissions of an EPC Page"). */
public final class Emodpr {

    /** The checks of EMODPR in their order. */
    public enum Check implements LeafCheck {
        SECINFO_ALIGNED("RBX (SECINFO) is a multiple of 64"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        W_NEEDS_R("SECINFO.FLAGS.W is 0 or R is 1"),
        EPC_PAGE_FREE("no other leaf has the EPC page for itself"),
        EPC_PAGE_VALID("the EPC page is valid"),
        SGX2_FREE("no other leaf of SGX2 uses the EPC page"),
        MODIFIABLE("EPCM.PENDING and EPCM.MODIFIED are 0"),
        PAGE_TYPE("the EPC page is PT_REG"),
        SECS_INITIALIZED("the enclave is initialised");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EMODPR;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EMODPR, Outcome.Flags.CLEARED);

    private Emodpr() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#emodpr} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);

        Secinfo secinfo = new Secinfo(Operands.read(lp, rbx, Secinfo.SIZE, Check.SECINFO_ALIGNED));
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        int rwx = (int) secinfo.flags() & Epcm.RWX;
        if ((rwx & (Epcm.R | Epcm.W)) == Epcm.W) {
            throw gp(Check.W_NEEDS_R, "R with W", "FLAGS " + hex(secinfo.flags()));
        }

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryShared(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that has the page for itself");
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
                return restrict(lp, page, rcx, rwx);
            } finally {
                epcm.releaseSgx2(page);
            }
        } finally {
            epcm.releaseShared(page);
        }
    }

    private static Outcome restrict(LogicalProcessor lp, int page, long rcx, int rwx) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        if (epcm.has(page, Epcm.PENDING | Epcm.MODIFIED)) {
            return zf(
                    Check.MODIFIABLE,
                    SgxError.PAGE_NOT_MODIFIABLE,
                    "a page that waits for no EACCEPT",
                    epcm.has(page, Epcm.PENDING) ? "EPCM.PENDING 1" : "EPCM.MODIFIED 1");
        }
        PageType type = PageType.of(epcm.pageType(page));
        if (type != PageType.REG) {
            throw pf(lp, Check.PAGE_TYPE, rcx, "PT_REG", "PT_" + type);
        }
        int secs = epcm.enclaveSecs(page);
        if (!new Secs(cpu.epc().page(secs)).attributes().has(Attributes.INIT)) {
            throw gp(Check.SECS_INITIALIZED, "ATTRIBUTES.INIT 1", "an enclave before EINIT");
        }
        epcm.update(page, Epcm.RWX & ~rwx, Epcm.PR);
        epcm.recordEpoch(page, cpu.requireSecs(secs).epoch());
        return SUCCESS;
    }

    private static Outcome zf(Check check, SgxError code, String expected, String found) {
        return new Outcome.Error(check, code, Outcome.Flags.ZF, expected, found);
    }
}
