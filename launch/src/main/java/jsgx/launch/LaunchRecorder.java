package jsgx.launch;

import java.util.Optional;
import jsgx.driver.Completion;
import jsgx.driver.Decision;
import jsgx.driver.Fate;
import jsgx.driver.LaunchAuthority;
import jsgx.driver.LaunchRequest;
import jsgx.driver.TokenSupplier;
import jsgx.driver.Workload;
import jsgx.launch.le.LeRequest;
import org.jspecify.annotations.Nullable;

/** The launch authority of a launcher: the launch enclave's, and for each thread that launches a note of what was decided. */
final class LaunchRecorder implements LaunchAuthority {

    private static final ThreadLocal<@Nullable Recording> RECORDING = new ThreadLocal<>();

    private final LeAuthority authority;

    LaunchRecorder(LeAuthority authority) {
        this.authority = authority;
    }

    /** What the authority decided on this thread while the recording was open. */
    static final class Recording implements AutoCloseable {

        private LeAuthority.@Nullable Answer answer;
        private @Nullable Decision decision;
        private long nanos;

        /** What the launch enclave said; empty where it was not asked. */
        Optional<LeAuthority.Answer> answer() {
            return Optional.ofNullable(answer);
        }

        /** What the authority said; empty where it was not asked. */
        Optional<Decision> decision() {
            return Optional.ofNullable(decision);
        }

        /** How long it took. */
        long nanos() {
            return nanos;
        }

        @Override
        public void close() {
            RECORDING.remove();
        }
    }

    /** Notes from now on what is decided on this thread. */
    static Recording record() {
        Recording fresh = new Recording();
        RECORDING.set(fresh);
        return fresh;
    }

    @Override
    public Decision decide(LaunchRequest request) {
        long start = System.nanoTime();
        LeAuthority.@Nullable Answer answer = request.tokenSupplier() == TokenSupplier.AUTHORITY
                ? authority.ask(new LeRequest(request.mrEnclave(), request.mrSigner(), request.attributes()))
                : null;
        Decision decision = answer == null ? Decision.allow() : LeAuthority.decision(answer);
        Recording open = RECORDING.get();
        if (open != null) {
            open.answer = answer;
            open.decision = decision;
            open.nanos = System.nanoTime() - start;
        }
        return decision;
    }

    @Override
    public Fate complete(LaunchRequest request, Completion completion) {
        return authority.complete(request, completion);
    }

    @Override
    public void released(long enclave, Workload workload) {
        authority.released(enclave, workload);
    }

    @Override
    public void powerLost() {
        authority.powerLost();
    }
}
