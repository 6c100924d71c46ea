package jsgx.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.List;
import jsgx.image.ImageException;
import jsgx.launch.LaunchException;
import jsgx.launch.json.Json;
import jsgx.machine.MachineException;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What a command that could not do its work tells: one line on standard error, and a document where JSON was asked for. */
final class Failures {

    private final Surroundings surroundings;
    private final List<String> args;

    Failures(Surroundings surroundings, String[] args) {
        this.surroundings = surroundings;
        List<String> words = Arrays.asList(args);
        // What follows is another program's.
        int end = words.indexOf("--");
        this.args = end < 0 ? words : words.subList(0, end);
    }

    /** A command line that makes no sense. */
    int usage(ParameterException e) {
        CommandLine command = e.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String line = name + ": " + usageMessage(e) + "; see  " + name + " --help";
        return isRun(command) ? tellRun(ExitStatus.RUN_FAILED, line, e) : tell(ExitStatus.WRONG_USAGE, line, e);
    }

    /** A command that was understood and failed. */
    int execution(Throwable e, CommandLine command) {
        if (isRun(command)) {
            return switch (e) {
                case MachineException failed -> tellRun(failed.kind().exitStatus(), "jsgx: " + failed.getMessage(), e);
                case ParameterException wrong -> usage(wrong);
                default -> tellRun(ExitStatus.RUN_FAILED, line(e), e);
            };
        }
        return execution(e);
    }

    private static boolean isRun(CommandLine command) {
        return command.getCommandName().equals("run");
    }

    /** A failure that has nothing to do with a command. */
    int execution(Throwable e) {
        return switch (e) {
            case ParameterException wrong -> usage(wrong);
            case BadInput bad -> tell(ExitStatus.WRONG_USAGE, line(e), e);
            case ImageException bad -> tell(ExitStatus.WRONG_USAGE, line(e), e);
            case LaunchException bad -> tell(ExitStatus.WRONG_USAGE, line(e), e);
            case IOException bad -> tell(ExitStatus.WRONG_USAGE, line(e), e);
            case OutOfMemoryError bad -> tell(ExitStatus.WRONG_USAGE, line(e), e);
            default -> tell(ExitStatus.INTERNAL_FAULT, line(e), e);
        };
    }

    private static String line(Throwable e) {
        return switch (e) {
            case BadInput bad -> "jsgx: " + bad.getMessage();
            case ImageException bad -> "jsgx: " + bad.getMessage();
            case LaunchException bad -> "jsgx: " + bad.getMessage();
            case IOException bad -> "jsgx: " + reason(bad);
            case OutOfMemoryError bad ->
                "jsgx: not enough memory (" + bad.getMessage() + "): choose a smaller EPC or file, or give the"
                        + " JVM more with JDK_JAVA_OPTIONS=-Xmx…";
            default ->
                "jsgx: internal fault: " + e + place(e) + "; this is a bug in jsgx: please report the command"
                        + " and what it prints with --stacktrace";
        };
    }

    /** What went wrong with a file, for people. */
    static String reason(IOException e) {
        String message = String.valueOf(e.getMessage());
        return switch (e) {
            case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case FileSystemException failed
            when failed.getReason() != null -> failed.getFile() + ": " + failed.getReason();
            default -> message;
        };
    }

    private static String usageMessage(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().getFirst();
            List<String> suggestions = unmatched.getSuggestions();
            String kind = unmatched.isUnknownOption() ? "option" : "argument";
            if (kind.equals("argument") && !e.getCommandLine().getSubcommands().isEmpty()) {
                kind = "command";
            }
            return "there is no " + kind + " \"" + first + "\""
                    + (suggestions.isEmpty() ? "" : "; did you mean " + suggestions.getFirst() + "?");
        }
        String message = String.valueOf(e.getMessage())
                .replaceFirst("' is not an? (int|long)$", "' is no whole number")
                .replaceFirst("' is not a double$", "' is no number");
        return message.isEmpty() ? message : Character.toLowerCase(message.charAt(0)) + message.substring(1);
    }

    private static String place(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        return trace.length == 0 ? "" : " at " + trace[0];
    }

    /** Standard output is the program's. */
    private int tellRun(int status, String line, Throwable cause) {
        if (args.contains("--json")) {
            surroundings
                    .err()
                    .println(new Json()
                            .put("error", line)
                            .put("exitStatus", status)
                            .line());
        } else {
            surroundings.err().println(Text.printable(line));
        }
        trace(cause);
        return status;
    }

    private int tell(int status, String line, Throwable cause) {
        surroundings.out().flush();
        surroundings.err().println(Text.printable(line));
        trace(cause);
        if (args.contains("--json")) {
            surroundings
                    .out()
                    .println(new Json()
                            .put("error", line)
                            .put("exitStatus", status)
                            .pretty());
        }
        return status;
    }

    private void trace(Throwable cause) {
        if (args.contains("--stacktrace")
                || !surroundings.variable("JSGX_STACKTRACE").isEmpty()) {
            cause.printStackTrace(surroundings.err());
        }
    }
}
