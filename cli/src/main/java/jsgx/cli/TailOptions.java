package jsgx.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of what shows the end of a list that grows. */
final class TailOptions {

    @Option(
            names = {"-n", "--last"},
            paramLabel = "N",
            defaultValue = "10",
            description = "How many; 10.")
    private int last;

    @Option(
            names = {"-f", "--follow"},
            description = "Then show what comes, until it is interrupted.")
    private boolean follow;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    /**
     * How many are shown at first.
     *
     * @param most how many there are at most, or {@link Integer#MAX_VALUE}
     */
    int last(int most) {
        if (last < 0 || last > most) {
            throw new ParameterException(
                    spec.commandLine(),
                    "-n %d: expected %s".formatted(last, most == Integer.MAX_VALUE ? "0 or more" : "0 to " + most));
        }
        return last;
    }

    boolean follow() {
        return follow;
    }
}
