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
        XFRM_LOW_BITS("ATTRIBUTES.XFRM has bits 0 and 1"),
        XFRM_LEGAL("XSETBV would take ATTRIBUTES.XFRM on this processor"),
        CET_ATTRIBUTES_NEED_CET("CET_ATTRIBUTES is 0, or ATTRIBUTES.CET is set"),
        CET_LEG_BITMAP_OFFSET_NEEDS_CET("CET_LEG_BITMAP_OFFSET is 0, or ATTRIBUTES.CET is set"),
        CET_LEG_BITMAP_OFFSET_NEEDS_IBT("CET_LEG_BITMAP_OFFSET is 0, or the processor has CET_IBT"),
        CET_ATTRIBUTES_NEED_IBT("CET_ATTRIBUTES[5:2] is 0, or the processor has CET_IBT"),
        CET_ATTRIBUTES_NEED_SS("CET_ATTRIBUTES[1:0] is 0, or the processor has CET_SS"),
        CET_LEG_BITMAP_CANONICAL("BASEADDR + CET_LEG_BITMAP_OFFSET is canonical in 64-bit mode"),
        CET_LEG_BITMAP_BELOW_4G("BASEADDR + CET_LEG_BITMAP_OFFSET is below 4 GiB outside 64-bit mode"),
        CET_ATTRIBUTES_RESERVED("CET_ATTRIBUTES[7:6] is 0"),
        CET_LEG_BITMAP_OFFSET_ALIGNED("CET_LEG_BITMAP_OFFSET is a multiple of 4096"),
        MISCSELECT_SUPPORTED("MISCSELECT only has bits of CPUID.12H.0:EBX"),
        SSAFRAMESIZE("SSAFRAMESIZE is large enough for the XSAVE area, the MISC region and GPRSGX"),
        BASEADDR_CANONICAL("BASEADDR is canonical in 64-bit mode"),
        BASEADDR_BELOW_4G("BASEADDR is below 4 GiB outside 64-bit mode"),
        SIZE_MAXIMUM_32("SIZE is below 2 to the power of CPUID.12H.0:EDX[7:0] outside 64-bit mode"),
        SIZE_MAXIMUM_64("SIZE is below 2 to the power of CPUID.12H.0:EDX[15:8] in 64-bit mode"),
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
    private static final long X87_SSE = 3;
    private static final int CET_SS_BITS = 0x03;
    private static final int CET_IBT_BITS = 0x3c;

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

        Epcm epcm = lp.processorPackage().epcm();
        if (!epcm.tryExclusive(page)) {
            throw gp(Check.EPC_PAGE_FREE, "no concurrent leaf", "a leaf that uses the page");
        }
        try {
            if (epcm.valid(page)) {
                throw pf(lp, Check.EPCM_INVALID, rcx, "a free page", "PT_" + PageType.of(epcm.pageType(page)));
            }
            create(lp, page, srcPge);
        } finally {
            epcm.releaseExclusive(page);
        }
        return SUCCESS;
    }

    private static void create(LogicalProcessor lp, int page, long srcPge) {
        ProcessorPackage cpu = lp.processorPackage();
        MemorySegment content = cpu.epc().page(page);
        content.copyFrom(Operands.read(lp, srcPge, Secs.SIZE, Check.SRCPGE_ALIGNED));
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
        checkXfrm(features, attributes.xfrm());
        checkCet(features, secs, mode64);
        if ((secs.miscSelect() & ~features.miscSelect()) != 0) {
            throw gp(Check.MISCSELECT_SUPPORTED, "bits of " + hex(features.miscSelect()), hex(secs.miscSelect()));
        }
        long frame = Integer.toUnsignedLong(secs.ssaFrameSize()) * Epc.PAGE_SIZE;
        long needed = SsaFrame.requiredSize(Xsave.size(attributes.xfrm()), secs.miscSelect());
        if (frame < needed) {
            throw gp(Check.SSAFRAMESIZE, "at least " + needed + " bytes", frame + " bytes");
        }
        checkRange(features, secs, mode64);
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

    private static void checkXfrm(CpuFeatures features, long xfrm) {
        if ((xfrm & X87_SSE) != X87_SSE) {
            throw gp(Check.XFRM_LOW_BITS, "bits 0 and 1", hex(xfrm));
        }
        if (!Xsave.isLegal(xfrm) || (xfrm & ~features.xfrm()) != 0) {
            throw gp(Check.XFRM_LEGAL, "a legal subset of " + hex(features.xfrm()), hex(xfrm));
        }
    }

    /** BASEADDR and SIZE. */
    private static void checkRange(CpuFeatures features, Secs secs, boolean mode64) {
        long base = secs.baseAddr();
        long size = secs.size();
        if (mode64 && !Operands.isCanonical(base)) {
            throw gp(Check.BASEADDR_CANONICAL, "a canonical address", hex(base));
        }
        if (!mode64 && base >>> 32 != 0) {
            throw gp(Check.BASEADDR_BELOW_4G, "an address below 4 GiB", hex(base));
        }
        int log2Max = mode64 ? features.log2MaxSize64() : features.log2MaxSize32();
        if (Long.compareUnsigned(size, 1L << log2Max) >= 0) {
            throw gp(mode64 ? Check.SIZE_MAXIMUM_64 : Check.SIZE_MAXIMUM_32, "less than 2^" + log2Max, hex(size));
        }
        if (size < MIN_SIZE || Long.bitCount(size) != 1) {
            throw gp(Check.SIZE_POWER_OF_TWO, "a power of two of at least 8192", hex(size));
        }
        if ((base & (size - 1)) != 0) {
            throw gp(Check.BASEADDR_NATURALLY_ALIGNED, "a multiple of " + hex(size), hex(base));
        }
    }

    /** One condition in the manual; its parts stand here in its order. */
    private static void checkCet(CpuFeatures features, Secs secs, boolean mode64) {
        int cet = secs.cetAttributes();
        long offset = secs.cetLegBitmapOffset();
        boolean on = secs.attributes().has(Attributes.CET);
        requireCet(on || cet == 0, Check.CET_ATTRIBUTES_NEED_CET, "0 without CET", hex(cet));
        requireCet(on || offset == 0, Check.CET_LEG_BITMAP_OFFSET_NEEDS_CET, "0 without CET", hex(offset));
        boolean ibt = features.cet();
        requireCet(ibt || offset == 0, Check.CET_LEG_BITMAP_OFFSET_NEEDS_IBT, "0 on this processor", hex(offset));
        requireCet(ibt || (cet & CET_IBT_BITS) == 0, Check.CET_ATTRIBUTES_NEED_IBT, "none of 0x3c", hex(cet));
        boolean ss = features.cet();
        requireCet(ss || (cet & CET_SS_BITS) == 0, Check.CET_ATTRIBUTES_NEED_SS, "none of 0x3", hex(cet));
        if (offset != 0) {
            // With an offset of 0 the sum is BASEADDR, which has checks of its own.
            long bitmap = secs.baseAddr() + offset;
            boolean canonical = Operands.isCanonical(bitmap);
            requireCet(!mode64 || canonical, Check.CET_LEG_BITMAP_CANONICAL, "a canonical address", hex(bitmap));
            boolean low = bitmap >>> 32 == 0;
            requireCet(mode64 || low, Check.CET_LEG_BITMAP_BELOW_4G, "an address below 4 GiB", hex(bitmap));
        }
        boolean reserved = (cet & ~(CET_IBT_BITS | CET_SS_BITS)) != 0;
        requireCet(!reserved, Check.CET_ATTRIBUTES_RESERVED, "bits of 0x3f", hex(cet));
        requireCet(offset % Epc.PAGE_SIZE == 0, Check.CET_LEG_BITMAP_OFFSET_ALIGNED, "whole pages", hex(offset));
    }

    private static void requireCet(boolean holds, Check check, String expected, String found) {
        if (!holds) {
            throw gp(check, expected, found);
        }
    }
}
