package jsgx.cli;

import java.nio.file.Path;
import java.util.List;

/**
 * Runs the commands whose start-up people feel, once each, so that the AOT cache of the build holds what they need.
 * Only the build calls this.
 */
final class Training {

    private Training() {}

    public static void main(String[] args) {
        for (List<String> command : commands(Path.of(args[0]))) {
            int status = Main.execute(command.toArray(String[]::new));
            System.err.println("training: jsgx " + String.join(" ", command) + ": " + status);
        }
    }

    private static List<List<String>> commands(Path scratch) {
        return List.of(List.of("--help"), List.of("--version"), List.of("no-such-command", scratch.toString()));
    }
}
