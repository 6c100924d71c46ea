package jsgx.launch.policy;

import java.util.List;
import jsgx.launch.yaml.Problems;
import jsgx.launch.yaml.YamlError;

/** A policy that cannot be used: all that is wrong with it. Nothing was changed. */
public final class PolicyException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<YamlError> errors;

    /** There is at least one error. */
    public PolicyException(List<YamlError> errors) {
        super(message(errors));
        this.errors = List.copyOf(errors);
    }

    public PolicyException(YamlError error) {
        this(List.of(error));
    }

    /** In the order of the file. */
    public List<YamlError> errors() {
        return errors;
    }

    /** Fails where anything was wrong in a file. */
    static void check(Problems problems) throws PolicyException {
        if (problems.any()) {
            throw new PolicyException(problems.errors());
        }
    }

    private static String message(List<YamlError> errors) {
        String first = errors.getFirst().toString();
        return errors.size() == 1 ? first : first + " (and %d more)".formatted(errors.size() - 1);
    }
}
