package jsgx.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code jsgx} command. */
@Command(name = "jsgx", mixinStandardHelpOptions = true, description = "SGX without SGX hardware.")
public final class Main implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.CommandSpec spec;

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs one command line and returns its exit status. */
    static int execute(String... args) {
        return new CommandLine(new Main()).execute(args);
    }

    @Override
    public void run() {
        spec.commandLine().usage(System.out);
    }
}
