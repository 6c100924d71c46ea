package jsgx.launch.audit;

import java.time.Instant;

/**
 * One record of the audit trail: a step of a launch, or an act of an administrator.
 *
 * @param id the launch's, unique on this platform: the same in its intent and its outcome
 * @param time when
 * @param kind what it tells
 * @param workload whose launch; or who acted
 * @param mrEnclave lower-case hex; empty where there is no enclave
 * @param mrSigner lower-case hex, likewise
 * @param attributes SECS.ATTRIBUTES, flags and XFRM as hex; empty likewise
 * @param isvProdId the product
 * @param isvSvn its security version
 * @param verdict {@code allow}, {@code warn} or {@code refuse}; for an outcome {@code launched} or {@code refused}; for a token {@code issued}
 *     or {@code refused}
 * @param rule the rule that decided
 * @param revision the policy's revision
 * @param tokenSource where the token came from, as in the JSON of a launch
 * @param code the code it ended with, as in the JSON of a launch
 * @param reason why, for people
 */
public record AuditEvent(
        String id,
        Instant time,
        Kind kind,
        String workload,
        String mrEnclave,
        String mrSigner,
        String attributes,
        int isvProdId,
        int isvSvn,
        String verdict,
        String rule,
        long revision,
        String tokenSource,
        String code,
        String reason) {

    /** What a record tells. */
    public enum Kind {
        /** A launch is about to go to EINIT. */
        INTENT,
        /** How a launch ended; alone where it was refused before EINIT. */
        OUTCOME,
        /** A token was issued to user space, which brings it to EINIT later, or refused. Product and version are not known then: 0. */
        TOKEN,
        /** A policy was loaded, or refused to load. */
        POLICY,
        /** Something was revoked. */
        REVOCATION,
        /** Caches, limits or placement were changed, tokens flushed. */
        ADMINISTRATION
    }
}
