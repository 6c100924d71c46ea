package jsgx.launch.store;

import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.SgxError;

/**
 * The contract between a launch and whoever keeps tokens: which refusals may be the token's fault, so that a fresh one is worth one
 * more try. It is the Intel SDK's rule, sharpened for code 2, which the SDK never retries.
 */
public final class RefetchRule {

    /** What the isgx driver returns for a token that an older launch enclave made: SGX_LE_ROLLBACK. */
    public static final long LE_ROLLBACK = 0x4000_0001;

    private RefetchRule() {}

    /**
     * Whether a launch that was refused is to be tried once more with a fresh token.
     *
     * @param result what INIT returned: EINIT's code, or the driver's
     * @param token the token that was refused, 304 bytes
     * @param secs ATTRIBUTES of the enclave's SECS
     */
    public static boolean refetches(long result, byte[] token, Attributes secs) {
        return result == SgxError.INVALID_EINITTOKEN.code()
                || result == SgxError.INVALID_CPUSVN.code()
                || result == SgxError.INVALID_MEASUREMENT.code()
                || result == LE_ROLLBACK
                // Code 2 is mostly the enclave's fault, which no token cures; unless the token was made for other
                // attributes.
                || (result == SgxError.INVALID_ATTRIBUTE.code()
                        && !EinitToken.of(token).attributes().equals(secs));
    }

    /** The name and number of such a result. */
    static String name(long result) {
        if (result == LE_ROLLBACK) {
            return "SGX_LE_ROLLBACK (0x40000001)";
        }
        for (SgxError error : SgxError.values()) {
            if (error.code() == result) {
                return "%s (%d)".formatted(error.sdmName(), result);
            }
        }
        return String.valueOf(result);
    }
}
