package jsgx.host.session;

import jsgx.driver.Workload;
import jsgx.host.client.Wishes;
import jsgx.host.config.HostOptions.Right;
import jsgx.host.peer.Grants;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.governor.OwnPolicy;
import jsgx.launch.policy.Policy;
import jsgx.launch.policy.PolicyException;
import jsgx.launch.policy.PolicyFile;
import org.jspecify.annotations.Nullable;

/** Holds what users say of their launches against what the administrator granted to them. */
final class Claims {

    private static final int LONGEST_WORKLOAD = 255;

    private final HostContext context;
    private final Grants grants;

    Claims(HostContext context, Grants grants) {
        this.context = context;
        this.grants = grants;
    }

    /**
     * What holds for a user's launches.
     *
     * @param workload whom they are charged to
     * @param policy that is asked besides the host's; null for none
     */
    record Granted(Workload workload, @Nullable Policy policy) {

        /** Executes a call by it. */
        void run(Runnable call) {
            call(() -> {
                call.run();
                return call;
            });
        }

        /** Executes a call by it. */
        <R, X extends Throwable> R call(ScopedValue.CallableOp<R, X> call) throws X {
            return policy == null ? call.call() : OwnPolicy.during(policy, call);
        }
    }

    /** @throws HostException where a peer says what it may not, or what makes no sense */
    Granted check(Wishes wishes, Peer peer) throws HostException {
        Workload workload = workload(wishes.workload(), peer);
        checkPlacement(wishes.placement(), peer);
        return new Granted(workload, policy(wishes.policy(), peer));
    }

    private Workload workload(String name, Peer peer) throws HostException {
        if (name.isEmpty()) {
            return peer.workload();
        }
        check(peer, Right.WORKLOAD);
        if (name.length() > LONGEST_WORKLOAD || name.chars().anyMatch(Character::isISOControl)) {
            throw new HostException("--workload: expected 1 to 255 characters that can be printed");
        }
        return new Workload(name);
    }

    private void checkPlacement(String wanted, Peer peer) throws HostException {
        if (wanted.isEmpty()) {
            return;
        }
        check(peer, Right.PLACEMENT);
        String own = context.running().governor().placement().id();
        if (!wanted.equals(own)) {
            throw new HostException(
                    "--placement %s: this host keeps tokens in placement %s, for all launches".formatted(wanted, own));
        }
    }

    private @Nullable Policy policy(String text, Peer peer) throws HostException {
        if (text.isEmpty()) {
            return null;
        }
        check(peer, Right.POLICY);
        if (text.length() > Wishes.LONGEST_POLICY) {
            throw new HostException(
                    "--policy: %d characters, expected at most %d".formatted(text.length(), Wishes.LONGEST_POLICY));
        }
        try {
            return PolicyFile.parse("--policy", text);
        } catch (PolicyException e) {
            throw new HostException("--policy: " + e.getMessage(), e);
        }
    }

    private void check(Peer peer, Right right) throws HostException {
        if (!grants.allows(peer, right)) {
            throw new HostException(Grants.refusal(peer, right));
        }
    }
}
