package jsgx.launch.governor;

import java.util.Optional;
import jsgx.launch.LaunchException;
import jsgx.launch.policy.PolicyFolder;
import jsgx.launch.store.SharedTokens;

/** What a governor, and whoever changes its rules, needs of the other hosts that go by the same rules. */
public interface Fleet {

    /** There are no others. */
    Fleet ALONE = new Fleet() {
        @Override
        public String refusal() {
            return "";
        }

        @Override
        public void revoked(Revocation revocation) {}

        @Override
        public void reinstating(Revocation revocation) {}

        @Override
        public void installing(PolicyFolder.Installed policy, boolean acceptRollback) {}

        @Override
        public Optional<SharedTokens> tokens() {
            return Optional.empty();
        }
    };

    /** Why nothing may launch here now; empty where launches may go on. It is asked at each launch, the last time right before EINIT. */
    String refusal();

    /**
     * Tells the others of a revocation that holds here already.
     *
     * @throws LaunchException where they cannot be told now; they are told as soon as they can be
     */
    void revoked(Revocation revocation) throws LaunchException;

    /**
     * Tells the others that something may launch again, before it may here.
     *
     * @throws LaunchException where they cannot be told: it is to stay revoked
     */
    void reinstating(Revocation revocation) throws LaunchException;

    /**
     * Tells the others of a policy that was checked, before it is in force here.
     *
     * @param acceptRollback whether it may have a lower sequence number than the others' policy
     * @throws LaunchException where they cannot be told, or have a later one: it is not to be put in force
     */
    void installing(PolicyFolder.Installed policy, boolean acceptRollback) throws LaunchException;

    /** The tokens that all hosts keep; empty where they keep none. */
    Optional<SharedTokens> tokens();
}
