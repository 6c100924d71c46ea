package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
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
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.Tcs;

/** EADD: adds a page to an uninitialised enclave (SDM 3D, "EADD—Add a Page to an Uninitialized Enclave"). */
public final class Eadd {

    /** The checks of EADD in their order. */
    public enum Check implements LeafCheck {
        PAGEINFO_ALIGNED("RBX (PAGEINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        SRCPGE_ALIGNED("PAGEINFO.SRCPGE is a multiple of 4096"),
        SECS_ALIGNED("PAGEINFO.SECS is a multiple of 4096"),
        SECINFO_ALIGNED("PAGEINFO.SECINFO is a multiple of 64"),
        LINADDR_ALIGNED("PAGEINFO.LINADDR is a multiple of 4096"),
        SECS_IN_EPC("PAGEINFO.SECS is in the EPC"),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        SECINFO_PT("SECINFO.FLAGS.PT is PT_REG or PT_TCS, or with CET PT_SS_FIRST or PT_SS_REST"),
        CR4_CET("CR4.CET is 1 for a shadow-stack page"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        EPCM_INVALID("the EPC page is not in use (EPCM.VALID is 0)"),
        SECS_FREE("no other leaf has the SECS for itself"),
        SECS_VALID("PAGEINFO.SECS is a valid PT_SECS page"),
        TCS_RESERVED("the reserved fields of the TCS are 0"),
        TCS_LIMITS("FSLIMIT and GSLIMIT end in FFFH outside 64-bit mode"),
        TCS_PREVSSP("TCS.PREVSSP is 0 on a processor with CET_SS"),
        REG_W_NEEDS_R("SECINFO.FLAGS.W is 0 or R is 1"),
        SS_NOT_AT_EDGE("a shadow-stack page is not the first or last page of ELRANGE"),
        SS_ZERO("bytes 0 to 4087 of a shadow-stack page are 0"),
        SS_FIRST_TOKEN("the last 8 bytes of a PT_SS_FIRST page are its own end, with bit 0 as MODE64BIT"),
        SS_REST_TOKEN("the last 8 bytes of a PT_SS_REST page are 0"),
        SS_READ_WRITE("a shadow-stack page has R and W and not X"),
        LINADDR_IN_ELRANGE("PAGEINFO.LINADDR is in ELRANGE"),
        MEASUREMENT_FREE("no other leaf updates the measurement"),
        SECS_UNINITIALIZED("the enclave is not initialised");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.EADD;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.EADD, Outcome.Flags.UNCHANGED);
    private static final int SECINFO_MEASURED = 48;

    private Eadd() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#eadd} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Pageinfo.ALIGNMENT, Check.PAGEINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);

        Pageinfo pageinfo = new Pageinfo(Operands.read(lp, rbx, Pageinfo.SIZE, Check.PAGEINFO_ALIGNED));
        long srcPge = pageinfo.srcPge();
        long secsAddress = pageinfo.secs();
        long secinfoAddress = pageinfo.secinfo();
        long linAddr = pageinfo.linAddr();
        aligned(srcPge, Epc.PAGE_SIZE, Check.SRCPGE_ALIGNED);
        aligned(secsAddress, Secs.ALIGNMENT, Check.SECS_ALIGNED);
        aligned(secinfoAddress, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        aligned(linAddr, Epc.PAGE_SIZE, Check.LINADDR_ALIGNED);
        int secsPage = epcPage(lp, secsAddress, Check.SECS_IN_EPC);

        Secinfo secinfo = scratch(Operands.read(lp, secinfoAddress, Secinfo.SIZE, Check.SECINFO_ALIGNED));
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        PageType type = secinfo.pageType();
        if (!isAddable(lp, type)) {
            throw gp(Check.SECINFO_PT, "PT_REG or PT_TCS", "PT_" + type + " in FLAGS " + hex(secinfo.flags()));
        }

        if (isShadowStack(type) && !lp.cr4Cet()) {
            throw gp(Check.CR4_CET, "CR4.CET 1 for PT_" + type, "CR4.CET 0");
        }

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (epcm.valid(page)) {
                throw pf(lp, Check.EPCM_INVALID, rcx, "a free page", "PT_" + PageType.of(epcm.pageType(page)));
            }
            if (!epcm.tryShared(secsPage)) {
                throw gp(Check.SECS_FREE, "no concurrent leaf", "a leaf that has the SECS for itself");
            }
            try {
                add(lp, page, secsPage, secsAddress, secinfo, linAddr, srcPge);
            } finally {
                epcm.releaseShared(secsPage);
            }
        } finally {
            epcm.releaseExclusive(page);
        }
        return SUCCESS;
    }

    private static void add(
            LogicalProcessor lp, int page, int secsPage, long secsAddress, Secinfo secinfo, long linAddr, long srcPge) {
        ProcessorPackage cpu = lp.processorPackage();
        Epcm epcm = cpu.epcm();
        SecsState state = cpu.secs(secsPage);
        if (!epcm.valid(secsPage) || epcm.pageType(secsPage) != PageType.SECS.code() || state == null) {
            throw pf(lp, Check.SECS_VALID, secsAddress, "a valid PT_SECS page", "another page");
        }
        Secs secs = new Secs(cpu.epc().page(secsPage));
        MemorySegment content = cpu.epc().page(page);
        content.copyFrom(Operands.read(lp, srcPge, Epc.PAGE_SIZE, Check.SRCPGE_ALIGNED));
        PageType type = secinfo.pageType();
        switch (type) {
            case TCS -> checkTcs(cpu, new Tcs(content), secs);
            case REG -> {
                if (secinfo.w() && !secinfo.r()) {
                    throw gp(Check.REG_W_NEEDS_R, "R with W", "FLAGS " + hex(secinfo.flags()));
                }
            }
            default -> ShadowStack.check(secs, linAddr, secinfo, content);
        }
        if (Long.compareUnsigned(linAddr - secs.baseAddr(), secs.size()) >= 0) {
            throw gp(
                    Check.LINADDR_IN_ELRANGE,
                    hex(secs.baseAddr()) + " to " + hex(secs.baseAddr() + secs.size() - 1),
                    hex(linAddr));
        }
        if (!epcm.tryMeasuring(secsPage)) {
            throw gp(Check.MEASUREMENT_FREE, "no concurrent EADD, EEXTEND or EINIT", "one that runs");
        }
        try {
            Measurement measurement = state.measurement();
            if (measurement == null || secs.attributes().has(Attributes.INIT)) {
                throw gp(Check.SECS_UNINITIALIZED, "ATTRIBUTES.INIT 0", "an initialised enclave");
            }
            if (type == PageType.TCS) {
                clearTcs(new Tcs(content), secinfo);
            }
            measurement.eadd(linAddr - secs.baseAddr(), secinfo.memory().asSlice(0, SECINFO_MEASURED));
        } finally {
            epcm.releaseMeasuring(secsPage);
        }
        state.addChild();
        int rwx = (int) secinfo.flags() & Epcm.RWX;
        epcm.set(page, rwx | type.code() << Epcm.PT_SHIFT, linAddr, secsPage);
    }

    private static boolean isAddable(LogicalProcessor lp, PageType type) {
        return switch (type) {
            case REG, TCS -> true;
            case SS_FIRST, SS_REST -> lp.processorPackage().features().cet();
            default -> false;
        };
    }

    private static boolean isShadowStack(PageType type) {
        return type == PageType.SS_FIRST || type == PageType.SS_REST;
    }

    private static void checkTcs(ProcessorPackage cpu, Tcs tcs, Secs secs) {
        boolean cet = cpu.features().cet();
        boolean reserved = tcs.reservedIsZero() && (cet || tcs.cetFieldsAreZero());
        long flags = Tcs.DBGOPTIN | (cpu.features().aexNotify() ? Tcs.AEXNOTIFY : 0);
        if (!reserved || (tcs.flags() & ~flags) != 0) {
            throw gp(Check.TCS_RESERVED, "0 in the reserved fields", "FLAGS " + hex(tcs.flags()) + " or other bytes");
        }
        boolean mode64 = secs.attributes().has(Attributes.MODE64BIT);
        if (!mode64 && ((tcs.fsLimit() & 0xfff) != 0xfff || (tcs.gsLimit() & 0xfff) != 0xfff)) {
            throw gp(Check.TCS_LIMITS, "FFFH", hex(tcs.fsLimit()) + " and " + hex(tcs.gsLimit()));
        }
        if (cet && tcs.prevSsp() != 0) {
            throw gp(Check.TCS_PREVSSP, "0", hex(tcs.prevSsp()));
        }
    }

    private static void clearTcs(Tcs tcs, Secinfo secinfo) {
        secinfo.r(false);
        secinfo.w(false);
        secinfo.x(false);
        tcs.flags(tcs.flags() & ~Tcs.DBGOPTIN);
        tcs.cssa(0);
        tcs.aep(0);
        tcs.state(Tcs.INACTIVE);
    }

    /** A copy, as the manual's SCRATCH_SECINFO: the leaf changes it. */
    private static Secinfo scratch(MemorySegment secinfo) {
        byte[] copy = new byte[Secinfo.SIZE];
        MemorySegment.ofArray(copy).copyFrom(secinfo);
        return Secinfo.of(copy);
    }
}
