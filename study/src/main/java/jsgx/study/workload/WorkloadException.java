package jsgx.study.workload;

import java.util.List;
import java.util.stream.Collectors;
import jsgx.launch.yaml.YamlError;

/** A workload that cannot be had: a file with what is wrong in it, each with its line and a caret, or a name that nothing has. */
public final class WorkloadException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<YamlError> errors;

    WorkloadException(List<YamlError> errors) {
        super(errors.stream().map(WorkloadException::text).collect(Collectors.joining("\n")));
        this.errors = List.copyOf(errors);
    }

    WorkloadException(String message) {
        super(message);
        this.errors = List.of();
    }

    /** What is wrong in the file, in its order; empty where it is no such file. */
    public List<YamlError> errors() {
        return errors;
    }

    private static String text(YamlError error) {
        return error.snippet().isEmpty() ? error.toString() : error + "\n" + error.snippet();
    }
}
