package jsgx.machine.le;

import java.util.Optional;
import jsgx.arch.Outcome;
import org.jspecify.annotations.Nullable;

/** A launch enclave that does not start, or runs no more: one line that says at which call and why. */
public final class ProxyException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient @Nullable Outcome outcome;

    ProxyException(String message) {
        this(message, null);
    }

    ProxyException(String message, @Nullable Outcome outcome) {
        super(message);
        this.outcome = outcome;
    }

    /** What the leaf said that refused; empty where none did. */
    public Optional<Outcome> outcome() {
        return Optional.ofNullable(outcome);
    }
}
