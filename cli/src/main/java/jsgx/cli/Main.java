package jsgx.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import picocli.CommandLine;

/** The way in: one command line, one exit status. */
public final class Main {

    private Main() {}

    public static void main(String[] args) {
        System.exit(execute(args));
    }

    /** Runs one command line in this process and returns its exit status. */
    static int execute(String... args) {
        StandardOutput stdout = new StandardOutput(new FileOutputStream(FileDescriptor.out));
        PrintStream out = new PrintStream(new BufferedOutputStream(stdout, 1 << 13), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        int status = run(args, surroundings(out, err));
        out.flush();
        String failure = stdout.failure();
        if (!failure.isEmpty()) {
            err.println("jsgx: standard output could not be written: " + failure);
            return ExitStatus.WRONG_USAGE;
        }
        return status;
    }

    /** Runs one command line in the given surroundings and returns its exit status. */
    public static int run(String[] args, Surroundings surroundings) {
        Failures failures = new Failures(surroundings, args);
        try {
            CommandLine commandLine = Commands.commandLine(args.length == 0 ? "" : args[0], surroundings)
                    .setOut(Commands.writer(surroundings.out()))
                    .setErr(Commands.writer(surroundings.err()))
                    .setUsageHelpWidth(100)
                    .setCaseInsensitiveEnumValuesAllowed(true)
                    .setParameterExceptionHandler((e, rest) -> failures.usage(e))
                    .setExecutionExceptionHandler((e, line, parsed) -> failures.execution(e, line));
            commandLine.setColorScheme(CommandLine.Help.defaultColorScheme(
                    surroundings.likesColour() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF));
            return commandLine.execute(args);
        } catch (RuntimeException | Error e) {
            return failures.execution(e);
        } finally {
            surroundings.out().flush();
        }
    }

    private static Surroundings surroundings(PrintStream out, PrintStream err) {
        return new Surroundings(
                out, err, System.getenv(), Path.of(""), Path.of("/"), isTerminal(), InstantSource.system());
    }

    /** Whether standard output is a terminal; false where the system does not tell. */
    private static boolean isTerminal() {
        try {
            String target = Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
