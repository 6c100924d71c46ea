package jsgx.launch.le;

import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.SgxError;

/**
 * What a launch enclave answers.
 *
 * @param token an EINITTOKEN, 304 bytes; all zero where it refused
 * @param result 0, or why it refused; the launch enclave of the v5 series says it by the token alone
 */
public record LeAnswer(byte[] token, int result) {

    /** The result for reserved attributes, of the driver for data centres. */
    public static final int INVALID_ATTRIBUTE = SgxError.INVALID_ATTRIBUTE.code();

    /** SGX_INVALID_PRIVILEGE: PROVISIONKEY for a signer that may not have it. */
    public static final int INVALID_PRIVILEGE = 0x4000_0002;

    /** SGX_UNEXPECTED_ERROR: EREPORT, EGETKEY or RDRAND failed. */
    public static final int UNEXPECTED_ERROR = 0x4000_0003;

    /** Intel's launch enclave: it could not work. */
    public static final int LE_UNEXPECTED_ERROR = 37;

    /** Intel's launch enclave: a request that it cannot read, or a white list that is not signed by Intel. */
    public static final int LE_INVALID_PARAMETER = 38;

    /** Intel's launch enclave: EGETKEY gave it no launch key. */
    public static final int LE_GET_EINITTOKEN_KEY_ERROR = 39;

    /** Intel's launch enclave: an attribute that it does not allow. */
    public static final int LE_INVALID_ATTRIBUTE = 40;

    /** Intel's launch enclave: the signer is not in the white list. */
    public static final int LE_INVALID_PRIVILEGE_ERROR = 41;

    /** Intel's launch enclave: it has no white list yet. */
    public static final int LE_WHITELIST_UNINITIALIZED_ERROR = 42;

    /** Intel's launch enclave: the MAC could not be computed. */
    public static final int LE_CALC_LIC_TOKEN_ERROR = 43;

    /** Intel's launch enclave: the white list is no newer than the one it has. */
    public static final int LE_WHITE_LIST_ALREADY_UPDATED = 213;

    public LeAnswer {
        if (token.length != EinitToken.SIZE) {
            throw new IllegalArgumentException(
                    "an EINITTOKEN has %d bytes, not %d".formatted(EinitToken.SIZE, token.length));
        }
        token = token.clone();
    }

    @Override
    public byte[] token() {
        return token.clone();
    }

    /** Whether there is a token. */
    public boolean granted() {
        return result == 0 && EinitToken.of(token).isValid();
    }
}
