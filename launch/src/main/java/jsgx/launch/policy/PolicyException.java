package jsgx.launch.policy;

import java.util.List;

/** A policy that cannot be used: all that is wrong with it. Nothing was changed. */
public final class PolicyException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<PolicyError> errors;

    /** There is at least one error. */
    public PolicyException(List<PolicyError> errors) {
        super(message(errors));
        this.errors = List.copyOf(errors);
    }

    public PolicyException(PolicyError error) {
        this(List.of(error));
    }

    /** In the order of the file. */
    public List<PolicyError> errors() {
        return errors;
    }

    private static String message(List<PolicyError> errors) {
        String first = errors.getFirst().toString();
        return errors.size() == 1 ? first : first + " (and %d more)".formatted(errors.size() - 1);
    }
}
