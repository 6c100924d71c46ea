package jsgx.launch.le;

import java.util.Optional;
import jsgx.arch.Outcome;
import org.jspecify.annotations.Nullable;

/** A launch enclave that does not start: one line that says at which call, with the leaf's outcome where a leaf decided. */
public final class LaunchEnclaveException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable Outcome outcome;

    public LaunchEnclaveException(String message) {
        this(message, null);
    }

    public LaunchEnclaveException(String message, @Nullable Outcome outcome) {
        super(message);
        this.outcome = outcome;
    }

    /** What the leaf said that refused. */
    public Optional<Outcome> outcome() {
        return Optional.ofNullable(outcome);
    }
}
