package jsgx.arch;

import jsgx.arch.epc.SecsState;

/**
 * What a logical processor keeps while it runs inside an enclave (CR_ENCLAVE_MODE and the registers around it).
 *
 * @param secs CR_ACTIVE_SECS: the SECS's EPC page
 * @param enclave what the processor keeps beside the SECS, for the tracking of threads
 * @param entryEpoch the enclave's epoch at entry, for tracking
 * @param tcs CR_TCS_PA: the TCS's EPC page
 * @param tcsLinear CR_TCS_LA: the TCS's linear address
 * @param elrangeBase CR_ELRANGE: SECS.BASEADDR
 * @param elrangeSize CR_ELRANGE: SECS.SIZE in bytes
 * @param ssa CR_XSAVE_PAGE_n and CR_GPR_PA: the SSA frame that an AEX fills
 * @param cetSaveArea CR_CET_SAVE_AREA_PA: the address in the EPC where an AEX saves the CET state, page number and offset;
 *     {@link #NO_CET} in an enclave that uses no CET
 * @param outside what returns when the enclave is left
 * @param debugOptIn CR_DBGOPTIN: TCS.FLAGS.DBGOPTIN at entry
 */
public record EnclaveMode(
        int secs,
        SecsState enclave,
        long entryEpoch,
        int tcs,
        long tcsLinear,
        long elrangeBase,
        long elrangeSize,
        SsaPages ssa,
        long cetSaveArea,
        Outside outside,
        boolean debugOptIn) {

    /** {@link #cetSaveArea} of an enclave that uses no CET. */
    public static final long NO_CET = -1;

    /**
     * The state outside that entry replaced.
     *
     * @param fsBase CR_SAVE_FS_base
     * @param gsBase CR_SAVE_GS_base
     * @param xcr0 CR_SAVE_XCR0, which counts only where CR4.OSXSAVE is set
     * @param tf CR_SAVE_TF, which counts only for an opt-out entry
     * @param uCet CR_SAVE_IA32_U_CET
     * @param ssp CR_SAVE_SSP
     */
    public record Outside(long fsBase, long gsBase, long xcr0, boolean tf, long uCet, long ssp) {}

    /** Whether the size bytes from an address on are all inside CR_ELRANGE. */
    public boolean inElrange(long address, long size) {
        long offset = address - elrangeBase;
        return Long.compareUnsigned(offset, elrangeSize) < 0 && Long.compareUnsigned(size, elrangeSize - offset) <= 0;
    }

    /** The same with another SSA frame: what EDECCSSA leaves. */
    public EnclaveMode with(SsaPages frame, long cetFrame) {
        return new EnclaveMode(
                secs,
                enclave,
                entryEpoch,
                tcs,
                tcsLinear,
                elrangeBase,
                elrangeSize,
                frame,
                cetFrame,
                outside,
                debugOptIn);
    }
}
