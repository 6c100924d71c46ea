package jsgx.launch.store;

import java.util.HexFormat;

/**
 * Where a token was made. Nothing is found by it: a token of another origin goes to EINIT, whose code is exact. It explains that code.
 *
 * @param platform the package's id, 32 lower-case hexadecimal digits
 * @param leHash the launch enclave's MRSIGNER, 64 lower-case hexadecimal digits
 */
public record TokenOrigin(String platform, String leHash) {

    static final int PLATFORM_SIZE = 16;
    static final int HASH_SIZE = 32;

    /** That of a token which came from outside. */
    public static final TokenOrigin UNKNOWN = new TokenOrigin("00".repeat(PLATFORM_SIZE), "00".repeat(HASH_SIZE));

    public TokenOrigin {
        if (HexFormat.of().parseHex(platform).length != PLATFORM_SIZE
                || HexFormat.of().parseHex(leHash).length != HASH_SIZE) {
            throw new IllegalArgumentException(
                    "a platform's id has 32 digits and a hash 64, not \"%s\" and \"%s\"".formatted(platform, leHash));
        }
    }
}
