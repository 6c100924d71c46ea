package jsgx.arch;

import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.MiscSelect;

/**
 * What a processor model can do, as CPUID shows it.
 *
 * @param sgx2 EAUG, EMODPR, EMODT, EACCEPT, EACCEPTCOPY, EMODPE: CPUID.12.0:EAX[1]
 * @param flc flexible launch control, the hash MSRs can be written: CPUID.7.0:ECX[30]
 * @param kss key separation and sharing: ATTRIBUTES[7]
 * @param enclsC ETRACKC, ERDINFO, ELDBC, ELDUC: CPUID.12.0:EAX[6]
 * @param edeccssa EDECCSSA: CPUID.12.0:EAX[11]
 * @param aexNotify AEX-Notify: ATTRIBUTES[10]
 * @param eupdatesvn EUPDATESVN: CPUID.12.0:EAX[10]
 * @param cet control-flow enforcement in enclaves, with PT_SS_FIRST and PT_SS_REST: CPUID.12.1:EAX[6]
 * @param miscSelect the bits of MISCSELECT that may be set: CPUID.12.0:EBX
 * @param xfrm the bits of XFRM that may be set: CPUID.12.1:ECX and EDX
 * @param log2MaxSize32 log2 of the largest enclave outside 64-bit mode: CPUID.12.0:EDX[7:0]
 * @param log2MaxSize64 log2 of the largest enclave in 64-bit mode: CPUID.12.0:EDX[15:8]
 */
public record CpuFeatures(
        boolean sgx2,
        boolean flc,
        boolean kss,
        boolean enclsC,
        boolean edeccssa,
        boolean aexNotify,
        boolean eupdatesvn,
        boolean cet,
        int miscSelect,
        long xfrm,
        int log2MaxSize32,
        int log2MaxSize64) {

    private static final long XFRM_X87_SSE = 0x3;
    private static final long XFRM_AVX = 0x4;
    private static final long XFRM_MPX = 0x18;
    private static final long XFRM_AVX512 = 0xe0;
    private static final long XFRM_PKRU = 0x200;

    /** Skylake: SGX1 without launch control, so that only Intel's launch enclave makes tokens. */
    public static final CpuFeatures SGX1 = new CpuFeatures(
            false, false, false, false, false, false, false, false, 0, XFRM_X87_SSE | XFRM_AVX | XFRM_MPX, 0x1f, 0x24);

    /** Coffee Lake: SGX1 with launch control, what the drivers of December 2017 ran on. */
    public static final CpuFeatures SGX1_FLC = new CpuFeatures(
            false,
            true,
            false,
            false,
            false,
            false,
            false,
            false,
            MiscSelect.EXINFO,
            XFRM_X87_SSE | XFRM_AVX | XFRM_MPX,
            0x1f,
            0x24);

    /** A server of 2023: SGX2, launch control, KSS, AEX-Notify, EUPDATESVN. The default platform. */
    public static final CpuFeatures SGX2 = new CpuFeatures(
            true,
            true,
            true,
            true,
            true,
            true,
            true,
            false,
            MiscSelect.EXINFO,
            XFRM_X87_SSE | XFRM_AVX | XFRM_AVX512 | XFRM_PKRU,
            0x1f,
            0x38);

    /** CR_SGX_ATTRIBUTES_MASK: the bits of ATTRIBUTES.FLAGS that ECREATE lets be set. INIT is not among them. */
    public long attributesMask() {
        return Attributes.DEBUG
                | Attributes.MODE64BIT
                | Attributes.PROVISIONKEY
                | Attributes.EINITTOKENKEY
                | (cet ? Attributes.CET : 0)
                | (kss ? Attributes.KSS : 0)
                | (aexNotify ? Attributes.AEXNOTIFY : 0);
    }
}
