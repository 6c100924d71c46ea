package jsgx.arch;

/**
 * What a logical processor keeps while it runs inside an enclave (CR_ENCLAVE_MODE and the registers around it).
 *
 * @param secs CR_ACTIVE_SECS: the SECS's EPC page
 * @param tcs CR_TCS_PA: the TCS's EPC page
 * @param tcsLinear CR_TCS_LA: the TCS's linear address
 * @param elrangeBase CR_ELRANGE: SECS.BASEADDR
 * @param elrangeSize CR_ELRANGE: SECS.SIZE in bytes
 * @param entryEpoch the enclave's epoch at entry, for tracking
 * @param savedFsBase what FS was outside
 * @param savedGsBase what GS was outside
 * @param savedXcr0 CR_SAVE_XCR0: what XCR0 was outside
 * @param savedTf CR_SAVE_TF: whether RFLAGS.TF was set outside
 * @param debugOptIn CR_DBGOPTIN: TCS.FLAGS.DBGOPTIN at entry
 */
public record EnclaveMode(
        int secs,
        int tcs,
        long tcsLinear,
        long elrangeBase,
        long elrangeSize,
        long entryEpoch,
        long savedFsBase,
        long savedGsBase,
        long savedXcr0,
        boolean savedTf,
        boolean debugOptIn) {

    /** Whether the size bytes from an address on are all inside CR_ELRANGE. */
    public boolean inElrange(long address, long size) {
        long offset = address - elrangeBase;
        return Long.compareUnsigned(offset, elrangeSize) < 0 && Long.compareUnsigned(size, elrangeSize - offset) <= 0;
    }
}
