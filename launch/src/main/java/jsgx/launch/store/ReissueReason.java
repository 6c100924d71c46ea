package jsgx.launch.store;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.SgxError;
import jsgx.launch.token.TokenIdentity;

/** Why a token is issued although the store has one, in words for a launch's timeline. */
final class ReissueReason {

    private ReissueReason() {}

    /** Why a kept token is not given; empty where it is. */
    static String notGiven(StoredToken token, TokenIdentity asked, boolean trustStore, Instant now) {
        if (token.isExpired(now)) {
            return "re-issued: the store's token expired at " + token.expiresAt();
        }
        return trustStore || token.identity().equals(asked)
                ? ""
                : "re-issued: the store's token is for " + difference(token.identity(), asked);
    }

    /**
     * Why a token that was given is replaced.
     *
     * @param result what INIT returned for it
     * @param kept what the store knows of it; empty where the store has another one by now
     */
    static String refused(
            long result, EinitToken token, Optional<StoredToken> kept, TokenIdentity asked, TokenOrigin here) {
        return "re-issued: EINIT refused the store's token with %s: %s"
                .formatted(RefetchRule.name(result), cause(result, token, kept, asked, here));
    }

    private static String cause(
            long result, EinitToken token, Optional<StoredToken> kept, TokenIdentity asked, TokenOrigin here) {
        if (result == RefetchRule.LE_ROLLBACK) {
            return "an older launch enclave made it";
        }
        if (result == SgxError.INVALID_CPUSVN.code()) {
            return "it was made under newer microcode than this processor runs";
        }
        if (result != SgxError.INVALID_EINITTOKEN.code()) {
            TokenIdentity named = StoredToken.identityOf(token);
            return named.equals(asked) ? "though it names this enclave" : "it is for " + difference(named, asked);
        }
        TokenOrigin origin = kept.map(StoredToken::origin).orElse(TokenOrigin.UNKNOWN);
        if (origin.equals(TokenOrigin.UNKNOWN)) {
            return "it came from outside, and was made elsewhere or changed";
        }
        if (!origin.platform().equals(here.platform())) {
            return "it was made on platform %s, this is %s".formatted(origin.platform(), here.platform());
        }
        if (!origin.leHash().equals(here.leHash())) {
            return "the launch enclave was rotated from signer %s to %s".formatted(origin.leHash(), here.leHash());
        }
        return "its launch key cannot be derived any more (a new owner epoch), or it was changed";
    }

    private static String difference(TokenIdentity token, TokenIdentity enclave) {
        if (!token.isEnclave(enclave.mrEnclave())) {
            return "MRENCLAVE %s, the enclave has %s".formatted(hex(token.mrEnclave()), hex(enclave.mrEnclave()));
        }
        if (!token.isSignedBy(enclave.mrSigner())) {
            return "MRSIGNER %s, the enclave has %s".formatted(hex(token.mrSigner()), hex(enclave.mrSigner()));
        }
        return "ATTRIBUTES %s, the enclave has %s".formatted(token.attributes(), enclave.attributes());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
