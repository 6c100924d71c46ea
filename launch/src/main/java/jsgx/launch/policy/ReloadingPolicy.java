package jsgx.launch.policy;

import java.util.Optional;
import jsgx.launch.policy.PolicyVerdict.Effect;
import org.jspecify.annotations.Nullable;

/**
 * The policy in force while its file may change. Each launch is judged by one policy, the old or the new one, never by none: a new file is
 * read and checked first and then takes the old one's place in one step. A file that cannot be used changes nothing; where it is there at the
 * start, every launch is refused until it can be used.
 */
public final class ReloadingPolicy implements LaunchPolicy {

    private final PolicyFolder folder;
    private volatile Held held;

    /** What judges, the policy behind it where there is one, and the file that it came from. */
    private record Held(LaunchPolicy judge, @Nullable Policy policy, Object stamp) {}

    private ReloadingPolicy(PolicyFolder folder) {
        this.folder = folder;
        this.held = new Held(LaunchPolicy.ALLOW_ALL, null, "");
    }

    /**
     * Takes the policy of a folder.
     *
     * @param revision what its verdicts are to name
     */
    public static ReloadingPolicy of(PolicyFolder folder, long revision) {
        ReloadingPolicy policy = new ReloadingPolicy(folder);
        policy.start(revision);
        return policy;
    }

    /** What a reload did. */
    public sealed interface Reload {

        /** The folder's policy is in force from now on. */
        record Taken(Policy policy) implements Reload {}

        /** There is no policy and there was none: everything may launch. */
        record None() implements Reload {}

        /** The file cannot be used. What was in force stays so; where nothing was, every launch is refused. */
        record Kept(PolicyException reason) implements Reload {}
    }

    /**
     * Takes the folder's policy as it is now.
     *
     * @param revision what its verdicts are to name
     */
    public synchronized Reload reload(long revision) {
        Object stamp = folder.stamp();
        try {
            Optional<Policy> found = folder.load();
            if (found.isPresent()) {
                Policy policy = found.get().withRevision(revision);
                held = new Held(policy, policy, stamp);
                return new Reload.Taken(policy);
            }
            if (held.judge().equals(LaunchPolicy.ALLOW_ALL)) {
                return new Reload.None();
            }
            return kept(
                    new PolicyException(PolicyError.of(
                            PolicyFolder.POLICY,
                            "it is gone; to launch without a policy, put one there whose default is to allow")),
                    stamp);
        } catch (PolicyException e) {
            return kept(e, stamp);
        }
    }

    /** Whether the file is another one than that which was read last. */
    public boolean changed() {
        return !folder.stamp().equals(held.stamp());
    }

    /** The policy in force; empty where there is none, or where it cannot be used. */
    public Optional<Policy> current() {
        return Optional.ofNullable(held.policy());
    }

    /** The quotas in force. */
    public QuotaTable quotas() {
        Policy policy = held.policy();
        return policy == null ? QuotaTable.UNLIMITED : policy.quotas();
    }

    @Override
    public PolicyVerdict judge(PolicySubject subject) {
        return held.judge().judge(subject);
    }

    private void start(long revision) {
        if (reload(revision) instanceof Reload.Kept failed) {
            PolicyVerdict refused = new PolicyVerdict(
                    Effect.UNAVAILABLE,
                    "no usable policy",
                    failed.reason().errors().getFirst().place(),
                    String.valueOf(failed.reason().getMessage()),
                    revision);
            held = new Held(subject -> refused, null, held.stamp());
        }
    }

    private Reload kept(PolicyException reason, Object stamp) {
        held = new Held(held.judge(), held.policy(), stamp);
        return new Reload.Kept(reason);
    }
}
