package jsgx.launch.governor;

import jsgx.driver.Completion;
import jsgx.launch.policy.PolicyVerdict;

/**
 * A launch that is over, as the governor saw it.
 *
 * @param id the launch's, as in the audit trail
 * @param judgement what the governor said to it
 * @param completion how EINIT came out; that it was not executed, where the launch was refused before
 * @param verdict the last that policy said: the judgement's, or that the outcome could not be recorded, so that the enclave was torn down
 * @param code the code that the launch ended with, as in the audit trail
 * @param launched whether the enclave lives
 * @param einitNanos from the decision to the end of EINIT; 0 where it was not executed
 * @param auditNanos how long the record of the outcome took
 */
public record Ending(
        String id,
        Judgement judgement,
        Completion completion,
        PolicyVerdict verdict,
        String code,
        boolean launched,
        long einitNanos,
        long auditNanos) {}
