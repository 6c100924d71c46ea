package jsgx.launch.governor;

import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;

/**
 * The policy of a user whose call a thread executes. A governor asks it besides that in force, which has the last word: it may refuse what that allows, and
 * allows nothing that is refused there. Its quotas count for nothing.
 */
public final class OwnPolicy {

    private static final ScopedValue<Policy> OF_THIS_CALL = ScopedValue.newInstance();

    /** What is recorded of a name or a reason: the audit trail is everyone's, and what is said here is the user's. */
    private static final int LONGEST = 256;

    private OwnPolicy() {}

    /** Executes a call, at whose launches this policy is asked too. */
    public static <R, X extends Throwable> R during(Policy policy, ScopedValue.CallableOp<R, X> call) throws X {
        return ScopedValue.where(OF_THIS_CALL, policy).call(call);
    }

    /** What is said to a launch of this call, where the policy in force says this. */
    static PolicyVerdict besides(PolicyVerdict inForce, PolicySubject subject) {
        if (!inForce.effect().launches() || !OF_THIS_CALL.isBound()) {
            return inForce;
        }
        PolicyVerdict own = OF_THIS_CALL.get().judge(subject);
        return own.effect().launches()
                ? inForce
                : new PolicyVerdict(own.effect(), cut(own.rule()), own.where(), cut(own.reason()), inForce.revision());
    }

    private static String cut(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST - 1) + "…";
    }
}
