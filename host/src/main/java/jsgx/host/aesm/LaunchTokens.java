package jsgx.host.aesm;

import java.lang.foreign.MemorySegment;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.driver.Workload;
import jsgx.launch.LeAuthority.Answer;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.token.TokenIdentity;

/** Launch tokens for the clients of the socket; and the AESM code for each way in which there is none. */
final class LaunchTokens {

    private final AesmService.Issuer issuer;

    LaunchTokens(AesmService.Issuer issuer) {
        this.issuer = issuer;
    }

    /**
     * An answer to a client.
     *
     * @param error the code
     * @param token the token, empty where the code is not SUCCESS
     * @param issued what the governor said
     */
    record Reply(AesmError error, byte[] token, IssuedToken issued) {}

    Reply issue(AesmRequest.LaunchToken request, Workload workload) {
        Attributes attributes = Attributes.at(MemorySegment.ofArray(request.attributes()), 0);
        // As aesmd does: what comes is the key, and MRSIGNER its hash.
        TokenIdentity identity = TokenIdentity.of(request.mrEnclave(), sha256(request.modulus()), attributes);
        IssuedToken issued = issuer.issue(identity, workload);
        Effect effect = issued.verdict().effect();
        if (effect == Effect.UNAVAILABLE) {
            return refused(AesmError.FILE_ACCESS_ERROR, issued);
        }
        if (!effect.launches()) {
            return refused(AesmError.GET_LICENSETOKEN_ERROR, issued);
        }
        return switch (issued.issue().answer()) {
            case Answer.Granted(byte[] token) -> new Reply(AesmError.SUCCESS, token, issued);
            // The launch enclave's own signer: EINIT takes a token that is not valid, and the client has one to bring.
            case Answer.NotNeeded notNeeded -> new Reply(AesmError.SUCCESS, new byte[EinitToken.SIZE], issued);
            case Answer.Refused(int result) -> refused(error(result), issued);
            case Answer.Unavailable(String reason) -> refused(AesmError.UNEXPECTED_ERROR, issued);
        };
    }

    /** What aesmd makes of its launch enclave's result, and what is closest to it for the results of other launch enclaves. */
    static AesmError error(int leResult) {
        return switch (leResult) {
            case LeAnswer.LE_INVALID_PARAMETER -> AesmError.PARAMETER_ERROR;
            case LeAnswer.LE_INVALID_ATTRIBUTE, LeAnswer.LE_INVALID_PRIVILEGE_ERROR, LeAnswer.INVALID_PRIVILEGE ->
                AesmError.GET_LICENSETOKEN_ERROR;
            // The launch enclave of the v5 series refuses attributes by a token of zeroes, and has no other result.
            case 0 -> AesmError.GET_LICENSETOKEN_ERROR;
            default ->
                leResult == LeAnswer.INVALID_ATTRIBUTE ? AesmError.GET_LICENSETOKEN_ERROR : AesmError.UNEXPECTED_ERROR;
        };
    }

    private static Reply refused(AesmError error, IssuedToken issued) {
        return new Reply(error, new byte[0], issued);
    }

    private static byte[] sha256(byte[] modulus) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(modulus);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
