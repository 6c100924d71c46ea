package jsgx.driver.legacy;

import jsgx.arch.CpuFeatures;
import jsgx.arch.Xsave;
import jsgx.arch.epc.Epc;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.MiscSelect;
import jsgx.arch.struct.Secs;
import jsgx.driver.AddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.driver.core.Refused;

/** What the older drivers check of a SECS before ECREATE does (sgx_validate_secs). */
public final class SecsCheck {

    /** Why a SECS is refused, in the order of the checks: -EINVAL, all of them. */
    public enum Cause implements Refusal.Cause {
        SIZE("SECS.SIZE is a power of two of at least 8192"),
        BASEADDR("SECS.BASEADDR is a multiple of SECS.SIZE"),
        ATTRIBUTES("SECS.ATTRIBUTES only has bits that the driver knows"),
        MISCSELECT("SECS.MISCSELECT only has bits that the driver and the processor know"),
        MODE("a process in 64-bit mode makes 64-bit enclaves"),
        SIZE_MAXIMUM("SECS.SIZE is within CPUID.12H.0:EDX"),
        XFRM("SECS.ATTRIBUTES.XFRM has bits 0 and 1, and only has bits of CPUID.12H.1:ECX and EDX"),
        XFRM_MPX("SECS.ATTRIBUTES.XFRM has both of BNDREGS and BNDCSR or none"),
        SSAFRAMESIZE("SECS.SSAFRAMESIZE is large enough"),
        RESERVED("the reserved fields of the SECS are 0");

        private final String rule;

        Cause(String rule) {
            this.rule = rule;
        }

        @Override
        public long result() {
            return Errno.EINVAL.result();
        }

        @Override
        public String rule() {
            return rule;
        }
    }

    /** Bits 0, 3 and 6 up: v5 did not know KSS. */
    static final long V5_UNKNOWN_ATTRIBUTES = 0xFFFF_FFFF_FFFF_FFC9L;

    /** Bits 0, 3, 6 and 8 up. */
    static final long ISGX_UNKNOWN_ATTRIBUTES = 0xFFFF_FFFF_FFFF_FF49L;

    private static final int MISC_UNKNOWN = 0xFFFF_FFFE;
    private static final int FIRST_EXTENDED = 2;
    private static final int XFRM_BITS = 64;
    private static final int V5_GPRS_SIZE = 184;

    /** Two bytes less than GPRSGX has; no component of XSAVE ends where that would matter. */
    private static final int ISGX_GPRS_SIZE = 182;

    private static final int EXINFO_SIZE = 16;

    private SecsCheck() {}

    static void check(Secs secs, CpuFeatures cpu, InterfaceKind kind, AddressSpace caller) throws Refused {
        long size = secs.size();
        Refused.unless(
                Long.compareUnsigned(size, 2L * Epc.PAGE_SIZE) >= 0 && Long.bitCount(size) == 1,
                Cause.SIZE,
                "a power of two of at least 8192",
                size);
        Refused.unless(
                (secs.baseAddr() & (size - 1)) == 0,
                Cause.BASEADDR,
                "a multiple of 0x" + Long.toHexString(size),
                secs.baseAddr());
        Attributes attributes = secs.attributes();
        long unknown = kind == InterfaceKind.V5 ? V5_UNKNOWN_ATTRIBUTES : ISGX_UNKNOWN_ATTRIBUTES;
        Refused.unless(
                (attributes.flags() & unknown) == 0,
                Cause.ATTRIBUTES,
                "none of 0x" + Long.toHexString(unknown),
                attributes.toString());
        Refused.unless(
                (secs.miscSelect() & (~cpu.miscSelect() | MISC_UNKNOWN)) == 0,
                Cause.MISCSELECT,
                "bits of 0x" + Integer.toHexString(cpu.miscSelect() & ~MISC_UNKNOWN),
                Integer.toUnsignedLong(secs.miscSelect()));
        boolean mode64 = attributes.has(Attributes.MODE64BIT);
        Refused.unless(mode64 || caller.is32Bit(), Cause.MODE, "MODE64BIT", attributes.toString());
        int log2Max = mode64 ? cpu.log2MaxSize64() : cpu.log2MaxSize32();
        Refused.unless(
                Long.compareUnsigned(size, 1L << log2Max) <= 0, Cause.SIZE_MAXIMUM, "at most 2^" + log2Max, size);
        checkXfrm(secs, cpu, kind);
        Refused.unless(
                secs.reservedIsZero() && secs.cetFieldsAreZero(),
                Cause.RESERVED,
                "0 in the reserved fields",
                "other bytes");
    }

    private static void checkXfrm(Secs secs, CpuFeatures cpu, InterfaceKind kind) throws Refused {
        long xfrm = secs.attributes().xfrm();
        Refused.unless(
                (xfrm & 3) == 3 && (xfrm & ~cpu.xfrm()) == 0,
                Cause.XFRM,
                "bits of 0x" + Long.toHexString(cpu.xfrm()) + " with 0 and 1",
                xfrm);
        Refused.unless((xfrm >>> 3 & 1) == (xfrm >>> 4 & 1), Cause.XFRM_MPX, "bits 3 and 4 alike", xfrm);
        int needed = ssaFrameSize(secs.miscSelect(), xfrm, kind);
        int given = secs.ssaFrameSize();
        Refused.unless(
                given != 0 && Integer.compareUnsigned(needed, given) <= 0,
                Cause.SSAFRAMESIZE,
                "at least " + needed,
                Integer.toUnsignedLong(given));
    }

    /** How many pages a frame of the SSA needs (sgx_calc_ssaframesize). */
    static int ssaFrameSize(int miscSelect, long xfrm, InterfaceKind kind) {
        int most = Epc.PAGE_SIZE;
        for (int bit = FIRST_EXTENDED; bit < XFRM_BITS; bit++) {
            if ((xfrm >>> bit & 1) != 0) {
                int[] component = Xsave.component(bit);
                int size = (kind == InterfaceKind.V5 ? V5_GPRS_SIZE : ISGX_GPRS_SIZE)
                        + component[0]
                        + component[1]
                        + ((miscSelect & MiscSelect.EXINFO) != 0 ? EXINFO_SIZE : 0);
                most = Math.max(most, size);
            }
        }
        return (most + Epc.PAGE_SIZE - 1) >>> Epc.PAGE_SHIFT;
    }
}
