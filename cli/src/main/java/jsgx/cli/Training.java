package jsgx.cli;

import java.nio.file.Path;
import java.util.List;

/**
 * Runs the commands whose start-up people feel, once each, so that the AOT cache of the build holds what they need.
 * Only the build calls this.
 */
final class Training {

    private Training() {}

    /** Takes a folder that is thrown away afterwards; {@code $JSGX_HOME} should lie in it. */
    public static void main(String[] args) {
        for (String[] command : commands(Path.of(args[0]).resolve("demo"))) {
            int status = Main.execute(command);
            System.err.println("training: jsgx " + String.join(" ", command) + ": " + status);
        }
    }

    private static List<String[]> commands(Path demo) {
        String enclave = demo.resolve("enclave.sgxs").toString();
        String flipped = demo.resolve("flipped.sgxs").toString();
        String sigstruct = demo.resolve("enclave.sigstruct").toString();
        return List.of(
                command("--help"),
                command("--version"),
                command("inspect", "--help"),
                command("no-such-command"),
                command("demo", "--keep", demo.toString()),
                command("demo", "--json"),
                command("inspect", sigstruct),
                command("inspect", "--json", sigstruct),
                command("inspect", "--json", enclave),
                command("measure", enclave),
                command("measure", "--json", enclave, "--diff", flipped),
                command("launch", enclave, "--sigstruct", sigstruct),
                command("launch", "--json", flipped, "--sigstruct", sigstruct),
                command("run", "--help"),
                command("run", "--stats", "--", demo.resolve("program").toString()),
                command("run", "--trace", "--", demo.resolve("program").toString()),
                command("run", "--", "true"),
                command("platform", "show"),
                command("doctor"));
    }

    private static String[] command(String... words) {
        return words;
    }
}
