package jsgx.launch;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.struct.Layouts;

/**
 * How firmware left launch control: whether SGX is on, whether IA32_SGXLEPUBKEYHASH0 to 3 can still be written, and what
 * they hold after reset.
 *
 * @param sgxEnabled IA32_FEATURE_CONTROL.SGX_ENABLE
 * @param writable IA32_FEATURE_CONTROL.SGX_LC: a driver may write the hash MSRs
 * @param hash what the hash MSRs hold after reset: an MRSIGNER in lower-case hex
 */
public record LaunchControl(boolean sgxEnabled, boolean writable, String hash) {

    /** The value of the hash MSRs after reset where firmware writes none: the signer of Intel's launch enclave. */
    public static final String INTEL_HASH = "acb77012053e05a63d413b8bbae8fb6c5d73b3f2996d91c43bbbf90959c0f8d4";

    /** A machine with launch control as it is sold: Intel's hash, which a driver may overwrite. */
    public static final LaunchControl UNLOCKED = new LaunchControl(true, true, INTEL_HASH);

    /** A machine without launch control, or one whose firmware keeps it from the driver: only Intel's launch enclave. */
    public static final LaunchControl LOCKED_TO_INTEL = new LaunchControl(true, false, INTEL_HASH);

    private static final int MSRS = 4;

    public LaunchControl {
        if (!hash.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException(
                    "the hash MSRs hold an MRSIGNER, 64 lower-case hexadecimal digits, not \"" + hash + "\"");
        }
    }

    /** Firmware wrote the hash of another signer, which a driver may overwrite. */
    public static LaunchControl unlocked(String mrSigner) {
        return new LaunchControl(true, true, mrSigner);
    }

    /** Firmware wrote the hash of another signer and then locked the MSRs. */
    public static LaunchControl lockedTo(String mrSigner) {
        return new LaunchControl(true, false, mrSigner);
    }

    /** Whether the MSRs hold Intel's hash after reset. */
    public boolean isIntel() {
        return hash.equals(INTEL_HASH);
    }

    /** The same, with another signer's hash. */
    public LaunchControl withHash(String mrSigner) {
        return new LaunchControl(sgxEnabled, writable, mrSigner);
    }

    /** What firmware does to each logical processor at reset. */
    public void initialize(LogicalProcessor processor) {
        processor.featureControl(LogicalProcessor.FEATURE_CONTROL_LOCK
                | (sgxEnabled ? LogicalProcessor.FEATURE_CONTROL_SGX_ENABLE : 0)
                | (writable ? LogicalProcessor.FEATURE_CONTROL_SGX_LC : 0));
        MemorySegment bytes = MemorySegment.ofArray(HexFormat.of().parseHex(hash));
        long[] msrs = new long[MSRS];
        Arrays.setAll(msrs, i -> bytes.get(Layouts.U64, (long) Long.BYTES * i));
        processor.firmwareLePubKeyHash(msrs);
    }
}
