package jsgx.launch.governor;

import jsgx.launch.policy.PolicyVerdict;

/**
 * What a governor said to a request for a token that user space brings to EINIT itself.
 *
 * @param verdict what policy, revocations and quotas said; of effect {@code UNAVAILABLE} where that could not be found out or recorded
 * @param issue the token; {@link TokenIssue#NONE} where the verdict refuses
 * @param tokenNanos how long the token took, nanoseconds; 0 where none was looked for
 */
public record IssuedToken(PolicyVerdict verdict, TokenIssue issue, long tokenNanos) {}
