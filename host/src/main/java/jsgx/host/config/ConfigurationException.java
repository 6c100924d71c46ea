package jsgx.host.config;

import java.util.List;
import jsgx.launch.yaml.YamlError;

/** A configuration that cannot be used: all that is wrong with it. Nothing was changed. */
public final class ConfigurationException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<YamlError> errors;

    /** There is at least one error. */
    ConfigurationException(List<YamlError> errors) {
        super(message(errors));
        this.errors = List.copyOf(errors);
    }

    /** In the order of the file; then those of the environment and the command line, which have no lines. */
    public List<YamlError> errors() {
        return errors;
    }

    private static String message(List<YamlError> errors) {
        String first = errors.getFirst().toString();
        return errors.size() == 1 ? first : first + " (and %d more)".formatted(errors.size() - 1);
    }
}
