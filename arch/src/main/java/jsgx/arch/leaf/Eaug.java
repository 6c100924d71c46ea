package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;
import static jsgx.arch.struct.Layouts.u64;

import java.lang.foreign.MemorySegment;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;

/** EAUG: adds a zeroed page to an initialised enclave (SDM 3D, "EAUG—Add a Page to an Initialized Enclave"). */
public final class Eaug {

    /** The checks of EAUG in their order; those from SECINFO_RESERVED to CR4_CET need a SECINFO. */
    public enum Check implements LeafCheck {
        PAGEINFO_ALIGNED("RBX (PAGEINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        SECINFO_ALIGNED("PAGEINFO.SECINFO is 0 or a multiple of 64"),
        SECS_ALIGNED("PAGEINFO.SECS is a multiple of 4096"),
        LINADDR_ALIGNED("PAGEINFO.LINADDR is a multiple of 4096"),
        SRCPGE_ZERO("PAGEINFO.SRCPGE is 0"),
        SECS_IN_EPC("PAGEINFO.SECS is in the EPC"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        EPCM_INVALID("the EPC page is not in use (EPCM.VALID is 0)"),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        SECINFO_NEEDS_CET("PAGEINFO.SECINFO is 0, or the processor has CET in enclaves"),
        SECINFO_PT("SECINFO.FLAGS.PT is PT_SS_FIRST or PT_SS_REST"),
        SECINFO_READ_WRITE("SECINFO.FLAGS.R and W are 1, X is 0"),
        CR4_CET("CR4.CET is 1 where the page is of a shadow stack"),
        SECS_FREE("no other leaf has the SECS for itself"),
        SECS_VALID("PAGEINFO.SECS is a valid PT_SECS page"),
        SECS_INITIALIZED("the enclave is initialised"),
        LINADDR_IN_ELRANGE("PAGEINFO.LINADDR is in ELRANGE"),
        SHADOW_STACK_NOT_AT_EDGE("a page of a shadow stack is not the first or last page of ELRANGE");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EAUG;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EAUG, Outcome.Flags.UNCHANGED);

    /** Without a SECINFO: a page to read and write. */
    private static final int REG_READ_WRITE = Epcm.R | Epcm.W | PageType.REG.code() << Epcm.PT_SHIFT;

    private Eaug() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eaug} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Pageinfo.ALIGNMENT, Check.PAGEINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);

        Pageinfo pageinfo = new Pageinfo(Operands.read(lp, rbx, Pageinfo.SIZE, Check.PAGEINFO_ALIGNED));
        long secsAddress = pageinfo.secs();
        long secinfoAddress = pageinfo.secinfo();
        long linAddr = pageinfo.linAddr();
        aligned(secinfoAddress, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(secsAddress, Secs.ALIGNMENT, Check.SECS_ALIGNED);
        aligned(linAddr, Epc.PAGE_SIZE, Check.LINADDR_ALIGNED);
        if (pageinfo.srcPge() != 0) {
            throw gp(Check.SRCPGE_ZERO, "0", hex(pageinfo.srcPge()));
        }
        int secsPage = epcPage(lp, secsAddress, Check.SECS_IN_EPC);

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (epcm.valid(page)) {
                throw pf(lp, Check.EPCM_INVALID, rcx, "a free page", "PT_" + PageType.of(epcm.pageType(page)));
            }
            int flags = secinfoAddress == 0 ? REG_READ_WRITE : shadowStack(lp, secinfoAddress);
            if (!epcm.tryShared(secsPage)) {
                throw gp(Check.SECS_FREE, "no concurrent leaf", "a leaf that has the SECS for itself");
            }
            try {
                add(lp, page, secsPage, secsAddress, flags, linAddr);
            } finally {
                epcm.releaseShared(secsPage);
            }
        } finally {
            epcm.releaseExclusive(page);
        }
        return SUCCESS;
    }

    /** The EPCM flags of the shadow-stack page that a SECINFO asks for. */
    private static int shadowStack(LogicalProcessor lp, long secinfoAddress) {
        CpuFeatures features = lp.processorPackage().features();
        Secinfo secinfo = new Secinfo(Operands.read(lp, secinfoAddress, Secinfo.SIZE, Check.SECINFO_ALIGNED));
        long flags = secinfo.flags();
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(flags));
        }
        if (!features.cet()) {
            throw gp(Check.SECINFO_NEEDS_CET, "PAGEINFO.SECINFO 0", "FLAGS " + hex(flags) + " without CET");
        }
        PageType type = secinfo.pageType();
        if (type != PageType.SS_FIRST && type != PageType.SS_REST) {
            throw gp(Check.SECINFO_PT, "PT_SS_FIRST or PT_SS_REST", "PT_" + type);
        }
        if ((flags & Epcm.RWX) != (Epcm.R | Epcm.W)) {
            throw gp(Check.SECINFO_READ_WRITE, "R and W without X", "FLAGS " + hex(flags));
        }
        if (!lp.cr4Cet()) {
            throw gp(Check.CR4_CET, "CR4.CET 1", "CR4.CET 0");
        }
        return Epcm.R | Epcm.W | type.code() << Epcm.PT_SHIFT;
    }

    private static void add(LogicalProcessor lp, int page, int secsPage, long secsAddress, int flags, long linAddr) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        SecsState state = cpu.secs(secsPage);
        if (!epcm.valid(secsPage) || epcm.pageType(secsPage) != PageType.SECS.code() || state == null) {
            throw pf(lp, Check.SECS_VALID, secsAddress, "a valid PT_SECS page", "another page");
        }
        Secs secs = new Secs(cpu.epc().page(secsPage));
        if (!secs.attributes().has(Attributes.INIT)) {
            throw gp(Check.SECS_INITIALIZED, "ATTRIBUTES.INIT 1", "an enclave before EINIT");
        }
        long base = secs.baseAddr();
        long last = base + secs.size() - Epc.PAGE_SIZE;
        if (Long.compareUnsigned(linAddr - base, secs.size()) >= 0) {
            throw gp(Check.LINADDR_IN_ELRANGE, hex(base) + " to " + hex(base + secs.size() - 1), hex(linAddr));
        }
        PageType type = PageType.of((flags & Epcm.PT_MASK) >>> Epcm.PT_SHIFT);
        if (type != PageType.REG && (linAddr == base || linAddr == last)) {
            throw gp(Check.SHADOW_STACK_NOT_AT_EDGE, "a page inside ELRANGE", hex(linAddr));
        }
        MemorySegment content = cpu.epc().page(page);
        content.fill((byte) 0);
        if (type == PageType.SS_FIRST) {
            u64(content, ShadowStack.TOKEN, ShadowStack.token(secs, linAddr));
        }
        state.addChild();
        epcm.set(page, flags | Epcm.PENDING, linAddr, secsPage);
    }
}
