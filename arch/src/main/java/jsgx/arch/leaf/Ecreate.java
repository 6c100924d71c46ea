package jsgx.arch.leaf;

import static jsgx.arch.leaf.Operands.aligned;
import static jsgx.arch.leaf.Operands.epcPage;
import static jsgx.arch.leaf.Operands.gp;
import static jsgx.arch.leaf.Operands.hex;
import static jsgx.arch.leaf.Operands.pf;

import java.lang.foreign.MemorySegment;
import jsgx.arch.CpuFeatures;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.Outcome;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.Xsave;
import jsgx.arch.crypto.Measurement;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.arch.epc.SecsState;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Pageinfo;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.SsaFrame;

/** ECREATE: makes a SECS of an EPC page (SDM 3D, "ECREATE—Create an SECS page in the Enclave Page Cache"). */
public final class Ecreate {

    /** The checks of ECREATE in their order. */
    public enum Check implements LeafCheck {
        PAGEINFO_ALIGNED("RBX (PAGEINFO) is a multiple of 32"),
        EPC_PAGE_ALIGNED("RCX is a multiple of 4096"),
        EPC_PAGE_IN_EPC("RCX is in the EPC"),
        SRCPGE_ALIGNED("PAGEINFO.SRCPGE is a multiple of 4096"),
        SECINFO_ALIGNED("PAGEINFO.SECINFO is a multiple of 64"),
        LINADDR_ZERO("PAGEINFO.LINADDR is 0"),
        PAGEINFO_SECS_ZERO("PAGEINFO.SECS is 0"),
        SECINFO_RESERVED("the reserved fields of SECINFO are 0"),
        SECINFO_PT_SECS("SECINFO.FLAGS.PT is PT_SECS"),
        EPC_PAGE_FREE("no other leaf uses the EPC page"),
        EPCM_INVALID("the EPC page is not in use (EPCM.VALID is 0)"),
        XFRM_LEGAL("ATTRIBUTES.XFRM is legal, with bits 0 and 1 set, and only has what this processor supports"),
        CET_FIELDS("the CET fields are 0, or CET is on and they are well-formed"),
        MISCSELECT_SUPPORTED("MISCSELECT only has bits of CPUID.12H.0:EBX"),
        SSAFRAMESIZE("SSAFRAMESIZE is large enough for the XSAVE area, the MISC region and GPRSGX"),
        BASEADDR_CANONICAL("BASEADDR is canonical, or below 4 GiB outside 64-bit mode"),
        SIZE_MAXIMUM("SIZE is within CPUID.12H.0:EDX"),
        SIZE_POWER_OF_TWO("SIZE is a power of two of at least 8192"),
        BASEADDR_NATURALLY_ALIGNED("BASEADDR is a multiple of SIZE"),
        ATTRIBUTES_SUPPORTED("ATTRIBUTES only has bits of CPUID.12H.1, and INIT is 0"),
        SECS_RESERVED("the reserved fields of the SECS are 0"),
        CONFIG_NEEDS_KSS("CONFIGID and CONFIGSVN are 0, or ATTRIBUTES.KSS is set");

        private final String rule;

        Check(String rule) {
            this.rule = rule;
        }

        @Override
        public Leaf leaf() {
            return Leaf.ECREATE;
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    private static final Outcome SUCCESS = new Outcome.Success(Leaf.ECREATE, Outcome.Flags.UNCHANGED);
    private static final int MIN_SIZE = 2 * Epc.PAGE_SIZE;

    private Ecreate() {}

    /** Runs the leaf; {@link jsgx.arch.Encls#ecreate} is the way in. */
    public static Outcome run(LogicalProcessor lp, long rbx, long rcx) {
        aligned(rbx, Pageinfo.ALIGNMENT, Check.PAGEINFO_ALIGNED);
        aligned(rcx, Epc.PAGE_SIZE, Check.EPC_PAGE_ALIGNED);
        int page = epcPage(lp, rcx, Check.EPC_PAGE_IN_EPC);

        Pageinfo pageinfo = new Pageinfo(Operands.read(lp, rbx, Pageinfo.SIZE, Check.PAGEINFO_ALIGNED));
        long srcPge = pageinfo.srcPge();
        long secinfoAddress = pageinfo.secinfo();
        aligned(srcPge, Epc.PAGE_SIZE, Check.SRCPGE_ALIGNED);
        aligned(secinfoAddress, Secinfo.ALIGNMENT, Check.SECINFO_ALIGNED);
        if (pageinfo.linAddr() != 0) {
            throw gp(Check.LINADDR_ZERO, "0", hex(pageinfo.linAddr()));
        }
        if (pageinfo.secs() != 0) {
            throw gp(Check.PAGEINFO_SECS_ZERO, "0", hex(pageinfo.secs()));
        }

        Secinfo secinfo = new Secinfo(Operands.read(lp, secinfoAddress, Secinfo.SIZE, Check.SECINFO_ALIGNED));
        if (!secinfo.reservedIsZero()) {
            throw gp(Check.SECINFO_RESERVED, "0 in the reserved fields", "FLAGS " + hex(secinfo.flags()));
        }
        if (secinfo.pageType() != PageType.SECS) {
            throw gp(Check.SECINFO_PT_SECS, "PT_SECS", "PT_" + secinfo.pageType());
        }

        MemorySegment source = Operands.read(lp, srcPge, Secs.SIZE, Check.SRCPGE_ALIGNED);
        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (epcm.valid(page)) {
                throw pf(lp, Check.EPCM_INVALID, rcx, "a free page", "PT_" + PageType.of(epcm.pageType(page)));
            }
            create(lp, page, source);
        } finally {
            epcm.releaseExclusive(page);
        }
        return SUCCESS;
    }

    private static void create(LogicalProcessor lp, int page, MemorySegment source) {
        ProcessorPackage cpu = lp.processorPackage();
        MemorySegment content = cpu.epc().page(page);
        content.copyFrom(source);
        Secs secs = new Secs(content);
        check(cpu.features(), secs);

        // Uninitialised: MRENCLAVE begins, the version fields are EINIT's to set.
        secs.isvSvn(0);
        secs.isvProdId(0);
        long eid = cpu.nextEid();
        new SecsInternals(content).begin(eid);
        long cetOffset = cpu.features().cet() ? secs.cetLegBitmapOffset() : 0;
        Measurement measurement = Measurement.ecreate(secs.ssaFrameSize(), secs.size(), cetOffset);
        cpu.secs(page, new SecsState(eid, measurement));
        cpu.epcm().set(page, PageType.SECS.code() << Epcm.PT_SHIFT, 0, Epcm.NO_SECS);
    }

    private static void check(CpuFeatures features, Secs secs) {
        Attributes attributes = secs.attributes();
        boolean mode64 = attributes.has(Attributes.MODE64BIT);
        long xfrm = attributes.xfrm();
        if (!Xsave.isLegal(xfrm) || (xfrm & ~features.xfrm()) != 0) {
            throw gp(Check.XFRM_LEGAL, "a legal subset of " + hex(features.xfrm()), hex(xfrm));
        }
        checkCet(features, secs, mode64);
        if ((secs.miscSelect() & ~features.miscSelect()) != 0) {
            throw gp(Check.MISCSELECT_SUPPORTED, "bits of " + hex(features.miscSelect()), hex(secs.miscSelect()));
        }
        long frame = Integer.toUnsignedLong(secs.ssaFrameSize()) * Epc.PAGE_SIZE;
        long needed = SsaFrame.requiredSize(Xsave.size(xfrm), secs.miscSelect());
        if (frame < needed) {
            throw gp(Check.SSAFRAMESIZE, "at least " + needed + " bytes", frame + " bytes");
        }
        long base = secs.baseAddr();
        if (mode64 ? !Operands.isCanonical(base) : base >>> 32 != 0) {
            throw gp(Check.BASEADDR_CANONICAL, mode64 ? "a canonical address" : "an address below 4 GiB", hex(base));
        }
        checkSize(features, secs, mode64);
        if ((base & (secs.size() - 1)) != 0) {
            throw gp(Check.BASEADDR_NATURALLY_ALIGNED, "a multiple of " + hex(secs.size()), hex(base));
        }
        if ((attributes.flags() & ~features.attributesMask()) != 0) {
            throw gp(
                    Check.ATTRIBUTES_SUPPORTED,
                    "only bits of " + hex(features.attributesMask()),
                    hex(attributes.flags()) + " (" + attributes + ")");
        }
        if (!secs.reservedIsZero()) {
            throw gp(Check.SECS_RESERVED, "0 in the reserved fields", "other bytes");
        }
        boolean config = secs.configSvn() != 0 || !Bytes.isZero(secs.configId());
        if (config && !attributes.has(Attributes.KSS)) {
            throw gp(Check.CONFIG_NEEDS_KSS, "0 without KSS", "CONFIGID or CONFIGSVN");
        }
    }

    /** The manual says that SIZE equal to the maximum faults too; Linux allows equality, and Linux runs on silicon. */
    private static void checkSize(CpuFeatures features, Secs secs, boolean mode64) {
        long size = secs.size();
        int log2Max = mode64 ? features.log2MaxSize64() : features.log2MaxSize32();
        if (Long.compareUnsigned(size, 1L << log2Max) > 0) {
            throw gp(Check.SIZE_MAXIMUM, "at most 2^" + log2Max, hex(size));
        }
        if (Long.compareUnsigned(size, MIN_SIZE) < 0 || Long.bitCount(size) != 1) {
            throw gp(Check.SIZE_POWER_OF_TWO, "a power of two of at least 8192", hex(size));
        }
    }

    private static void checkCet(CpuFeatures features, Secs secs, boolean mode64) {
        long offset = secs.cetLegBitmapOffset();
        int cet = secs.cetAttributes();
        if (offset == 0 && cet == 0) {
            return;
        }
        long target = secs.baseAddr() + offset;
        if (!secs.attributes().has(Attributes.CET)
                || !features.cet()
                || (cet & ~0x3f) != 0
                || offset % Epc.PAGE_SIZE != 0
                || (mode64 ? !Operands.isCanonical(target) : target >>> 32 != 0)) {
            throw gp(
                    Check.CET_FIELDS,
                    "0, or ATTRIBUTES.CET with a page-aligned CET_LEG_BITMAP_OFFSET and known CET_ATTRIBUTES",
                    "CET_ATTRIBUTES " + hex(cet) + ", CET_LEG_BITMAP_OFFSET " + hex(offset));
        }
    }
}
