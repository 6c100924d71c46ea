package jsgx.launch.governor;

import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicySubject;
import jsgx.launch.policy.PolicyVerdict;
import jsgx.launch.policy.QuotaTable;
import jsgx.launch.policy.ReloadingPolicy;
import jsgx.launch.policy.ReloadingPolicy.Reload;

/** The policy of a state folder, read once for each revision. */
final class FolderPolicy implements PolicySource {

    private final ReloadingPolicy policy;

    FolderPolicy(ReloadingPolicy policy) {
        this.policy = policy;
    }

    @Override
    public synchronized String reload(long revision) throws LaunchException {
        if (policy.wasReadFor(revision)) {
            return "";
        }
        return switch (policy.reload(revision)) {
            case Reload.Taken(var taken) -> "%s, sequence %d, is in force".formatted(taken.file(), taken.sequence());
            case Reload.None none -> "";
            case Reload.Kept(var reason) -> "what was in force stays: " + reason.getMessage();
        };
    }

    @Override
    public QuotaTable quotas() {
        return policy.quotas();
    }

    @Override
    public Optional<Policy> current() {
        return policy.current();
    }

    @Override
    public PolicyVerdict judge(PolicySubject subject) {
        return policy.judge(subject);
    }

    @Override
    public PolicyVerdict judgeToken(PolicySubject subject) {
        return policy.judgeToken(subject);
    }
}
