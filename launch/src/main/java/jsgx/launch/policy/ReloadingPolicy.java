package jsgx.launch.policy;

import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicyVerdict.Effect;
import jsgx.launch.yaml.YamlError;
import org.jspecify.annotations.Nullable;

/**
 * The policy in force while its file may change. Each launch is judged by one policy, the old or the new one, never by none: a new file is
 * read and checked first and then takes the old one's place in one step. A file that is not valid changes nothing; where it is there at the
 * start, every launch is refused until it can be used.
 */
public final class ReloadingPolicy implements LaunchPolicy {

    private static final long NEVER = -1;

    private final PolicyFolder folder;
    private volatile Held held;

    /** The revision that the file was last read for. */
    private volatile long readFor = NEVER;

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
     * @throws LaunchException where it cannot be read now, which says nothing of the policy: it is to be tried again before anything launches
     */
    public synchronized Reload reload(long revision) throws LaunchException {
        // Files cannot be read by a thread that is interrupted, and that is no matter of the policy.
        boolean interrupted = Thread.interrupted();
        try {
            Reload reload = take(revision);
            readFor = revision;
            return reload;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Whether the file was read for this revision. */
    public boolean wasReadFor(long revision) {
        return readFor == revision;
    }

    private Reload take(long revision) throws LaunchException {
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
                    new PolicyException(YamlError.of(
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

    @Override
    public PolicyVerdict judgeToken(PolicySubject subject) {
        return held.judge().judgeToken(subject);
    }

    private void start(long revision) {
        try {
            if (reload(revision) instanceof Reload.Kept failed) {
                refuseAll(failed.reason().errors().getFirst().place(), failed.reason(), revision);
            }
        } catch (LaunchException e) {
            refuseAll(PolicyFolder.POLICY, e, revision);
        }
    }

    private void refuseAll(String where, Exception reason, long revision) {
        PolicyVerdict refused = new PolicyVerdict(
                Effect.UNAVAILABLE, "no usable policy", where, String.valueOf(reason.getMessage()), revision);
        held = new Held(subject -> refused, null, held.stamp());
    }

    private Reload kept(PolicyException reason, Object stamp) {
        held = new Held(held.judge(), held.policy(), stamp);
        return new Reload.Kept(reason);
    }
}
