package jsgx.launch.governor;

import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.ReloadingPolicy;

/** The rules in force, which may be other ones with each revision. */
public interface PolicySource extends LaunchPolicy {

    /**
     * Looks at the rules again, which another process may have changed; their verdicts name this revision from now on.
     *
     * @return what is to be recorded of it: that there are other rules, or why not; empty for nothing
     * @throws LaunchException where they cannot be read now: nothing may launch until they are looked at again
     */
    String reload(long revision) throws LaunchException;

    /** The quotas in force. */
    QuotaTable quotas();

    /** The policy in force; empty where there is none, where it cannot be used, or where the rules are none of a file. */
    default Optional<Policy> current() {
        return Optional.empty();
    }

    /** Nothing launches, for this reason. */
    static PolicySource unavailable(String reason) {
        PolicyVerdict verdict = new PolicyVerdict(PolicyVerdict.Effect.UNAVAILABLE, "fail closed", "", reason, 0);
        return of((LaunchPolicy) subject -> verdict);
    }

    /** The policy of a state folder. */
    static PolicySource of(ReloadingPolicy policy) {
        return new FolderPolicy(policy);
    }

    /** Rules that stay as they are, without quotas. */
    static PolicySource of(LaunchPolicy policy) {
        return of(policy, QuotaTable.UNLIMITED);
    }

    /** Rules and quotas that stay as they are. */
    static PolicySource of(LaunchPolicy policy, QuotaTable quotas) {
        return new PolicySource() {
            @Override
            public String reload(long revision) {
                return "";
            }

            @Override
            public QuotaTable quotas() {
                return quotas;
            }

            @Override
            public PolicyVerdict judge(PolicySubject subject) {
                return policy.judge(subject);
            }

            @Override
            public PolicyVerdict judgeToken(PolicySubject subject) {
                return policy.judgeToken(subject);
            }
        };
    }
}
