package jsgx.launch.governor;

import jsgx.launch.LaunchException;
import jsgx.launch.policy.LaunchPolicy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.QuotaTable;

/** The rules in force, which may be other ones with each revision. */
public interface PolicySource extends LaunchPolicy {

    /** Looks at the rules again, which another process may have changed; its verdicts name this revision from now on. */
    void reload(long revision) throws LaunchException;

    /** The quotas in force. */
    QuotaTable quotas();

    /** Rules that stay as they are, without quotas. */
    static PolicySource of(LaunchPolicy policy) {
        return of(policy, QuotaTable.UNLIMITED);
    }

    /** Rules and quotas that stay as they are. */
    static PolicySource of(LaunchPolicy policy, QuotaTable quotas) {
        return new PolicySource() {
            @Override
            public void reload(long revision) {}

            @Override
            public QuotaTable quotas() {
                return quotas;
            }

            @Override
            public PolicyVerdict judge(PolicySubject subject) {
                return policy.judge(subject);
            }
        };
    }
}
