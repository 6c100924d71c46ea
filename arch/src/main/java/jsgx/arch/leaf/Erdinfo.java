package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.hex;

import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LinearMemory;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Rdinfo;
import jsgx.arch.struct.SgxError;

/** ERDINFO: tells what a page is (SDM 3D, "ERDINFO—Read Type and Status Information About an EPC Page"). */
public final class Erdinfo {

    /** The checks of ERDINFO in their order. */
    public enum Check implements LeafCheck {
        RDINFO_ALIGNED("RBX (RDINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        EPC_PAGE_FREE("no other leaf has the EPC page for itself"),
        EPC_PAGE_VALID("the EPC page is valid");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.ERDINFO;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.ERDINFO, Outcome.Flags.CLEARED);

    private Erdinfo() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#erdinfo} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Rdinfo.ALIGNMENT, Check.RDINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        if (lp.memory().epcPage(rcx) == LinearMemory.ORDINARY) {
            return error(
                    Check.EPC_PAGE_IN_EPC, SgxError.PG_NONEPC, Outcome.Flags.CF, "an address in the EPC", hex(rcx));
        }
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        if (!epcm.tryShared(page)) {
            return error(
                    Check.EPC_PAGE_FREE,
                    SgxError.EPC_PAGE_CONFLICT,
                    Outcome.Flags.ZF,
                    "no concurrent leaf",
                    "a leaf that has the page for itself");
        }
        try {
            if (!epcm.valid(page)) {
                return error(Check.EPC_PAGE_VALID, SgxError.PG_INVLD, Outcome.Flags.CF, "a valid page", "EPCM.VALID 0");
            }
            tell(cpu, page, new Rdinfo(Operands.write(lp, rbx, Rdinfo.SIZE, Check.RDINFO_ALIGNED)));
        } finally {
            epcm.releaseShared(page);
        }
        return SUCCESS;
    }

    private static void tell(ProcessorPackage cpu, int page, Rdinfo rdinfo) {
        Epcm epcm = cpu.epcm();
        PageType type = PageType.of(epcm.pageType(page));
        int flags = epcm.flags(page);
        rdinfo.status(type == PageType.SECS ? status(cpu, page) : 0);
        rdinfo.flags((flags & Epcm.SECINFO_MASK) | ((flags & Epcm.BLOCKED) != 0 ? Rdinfo.BLOCKED : 0));
        // SECS.ENCLAVECONTEXT is the SECS's own physical address, since the model has no second level of paging.
        long context = 0;
        if (type == PageType.SECS) {
            context = cpu.epc().physicalAddress(page);
        } else if (type.hasSecs()) {
            context = cpu.epc().physicalAddress(epcm.enclaveSecs(page));
        }
        rdinfo.enclaveContext(context);
    }

    private static long status(ProcessorPackage cpu, int secs) {
        boolean virtual = new SecsInternals(cpu.epc().page(secs)).virtChildCnt() != 0;
        boolean children = cpu.requireSecs(secs).children() != 0;
        return (children ? Rdinfo.CHILDPRESENT : 0) | (virtual ? Rdinfo.VIRTCHILDPRESENT : 0);
    }

    private static Outcome error(Check check, SgxError code, Outcome.Flags flags, String expected, String found) {
        return new Outcome.Error(check, code, flags, expected, found);
    }
}
