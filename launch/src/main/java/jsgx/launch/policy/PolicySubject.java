package jsgx.launch.policy;

import java.time.Instant;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Sigstruct;
import jsgx.driver.LaunchRequest;

/**
 * What a policy judges: an enclave about to be initialised, for whom, and when. MRENCLAVE is what the SIGSTRUCT claims: a launch under
 * another one fails in EINIT.
 *
 * @param mrEnclave 32 bytes
 * @param mrSigner 32 bytes
 * @param isvProdId SIGSTRUCT.ISVPRODID
 * @param isvSvn SIGSTRUCT.ISVSVN
 * @param attributes SECS.ATTRIBUTES with XFRM
 * @param miscSelect SECS.MISCSELECT
 * @param size SECS.SIZE in bytes
 * @param workload the workload's name
 * @param time when
 */
public record PolicySubject(
        byte[] mrEnclave,
        byte[] mrSigner,
        int isvProdId,
        int isvSvn,
        Attributes attributes,
        int miscSelect,
        long size,
        String workload,
        Instant time) {

    /** What is known where only a token is asked for; the rest is zero ({@link LaunchPolicy#judgeToken}). */
    public static PolicySubject ofToken(
            byte[] mrEnclave, byte[] mrSigner, Attributes attributes, String workload, Instant time) {
        return new PolicySubject(mrEnclave, mrSigner, 0, 0, attributes, 0, 0, workload, time);
    }

    /** What a driver asks, at this time. */
    public static PolicySubject of(LaunchRequest request, Instant time) {
        Sigstruct sigstruct = Sigstruct.of(request.sigstruct());
        return new PolicySubject(
                request.mrEnclave(),
                request.mrSigner(),
                sigstruct.isvProdId(),
                sigstruct.isvSvn(),
                request.attributes(),
                request.miscSelect(),
                request.size(),
                request.workload().name(),
                time);
    }
}
