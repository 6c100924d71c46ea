package jsgx.launch;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import jsgx.launch.audit.AuditEvent;
import jsgx.launch.governor.Ending;
import jsgx.launch.governor.IssuedToken;
import jsgx.launch.governor.Judgement;
import jsgx.launch.policy.PolicyVerdict;
import org.jspecify.annotations.Nullable;

/** For each thread that launches a note of what the governor said, for the timeline and the explanation; and whoever else listens. */
final class LaunchRecorder implements Judgement.Listener {

    private static final ThreadLocal<@Nullable Recording> RECORDING = new ThreadLocal<>();

    private final List<Judgement.Listener> others = new CopyOnWriteArrayList<>();
    private volatile boolean always;

    /** What the governor said on this thread while the recording was open. */
    static final class Recording implements AutoCloseable {

        private @Nullable Judgement judgement;
        private @Nullable PolicyVerdict tornDown;
        private long outcomeNanos;

        /** What it said; empty where it was not asked. */
        Optional<Judgement> judgement() {
            return Optional.ofNullable(judgement);
        }

        /** Why the enclave was torn down after EINIT; empty where it was not. */
        Optional<PolicyVerdict> tornDown() {
            return Optional.ofNullable(tornDown);
        }

        /** How long its records took. */
        long auditNanos() {
            return outcomeNanos + judgement().map(Judgement::auditNanos).orElse(0L);
        }

        /** How long all of it took. */
        long nanos() {
            return auditNanos()
                    + judgement()
                            .map(said -> said.policyNanos() + said.tokenNanos())
                            .orElse(0L);
        }

        @Override
        public void close() {
            RECORDING.remove();
        }
    }

    /** Notes from now on what is said on this thread. */
    static Recording record() {
        Recording fresh = new Recording();
        RECORDING.set(fresh);
        return fresh;
    }

    /** What was said on this thread, noted up to now; nothing is noted twice. */
    static Recording take() {
        Recording noted = RECORDING.get();
        RECORDING.remove();
        return noted == null ? new Recording() : noted;
    }

    /** Notes what is said on any thread from now on, recording or not, until it is taken. */
    void always() {
        always = true;
    }

    /** Has somebody else hear of all that is said from now on. */
    void tell(Judgement.Listener other) {
        others.add(other);
    }

    private @Nullable Recording open() {
        Recording open = RECORDING.get();
        return open == null && always ? record() : open;
    }

    @Override
    public void judged(Judgement said) {
        Recording open = open();
        if (open != null) {
            open.judgement = said;
        }
        others.forEach(other -> other.judged(said));
    }

    @Override
    public void completed(long auditNanos) {
        Recording open = RECORDING.get();
        if (open != null) {
            open.outcomeNanos = auditNanos;
        }
        others.forEach(other -> other.completed(auditNanos));
    }

    @Override
    public void tornDown(PolicyVerdict verdict) {
        Recording open = RECORDING.get();
        if (open != null) {
            open.tornDown = verdict;
        }
        others.forEach(other -> other.tornDown(verdict));
    }

    @Override
    public void ended(Ending ending) {
        others.forEach(other -> other.ended(ending));
    }

    @Override
    public void issued(AuditEvent event, IssuedToken issued) {
        others.forEach(other -> other.issued(event, issued));
    }

    @Override
    public void released(long enclave) {
        others.forEach(other -> other.released(enclave));
    }
}
