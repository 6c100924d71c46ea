package jsgx.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import jsgx.cli.Subcommand.Run;
import picocli.CommandLine;

/** The table of commands. */
final class Commands {

    /** Their names, in the order of the help. */
    static final List<String> NAMES = List.of(
            "demo",
            "inspect",
            "measure",
            "sign",
            "launch",
            "run",
            "serve",
            "host",
            "fleet",
            "console",
            "token",
            "policy",
            "audit",
            "platform",
            "study",
            "doctor");

    private Commands() {}

    /**
     * The command line with the one command that its first argument names, or with all: to describe a command costs more
     * than to run most of them.
     */
    static CommandLine commandLine(String first, Surroundings surroundings) {
        Run run = new Run(surroundings, new CommonOptions());
        CommandLine root = new CommandLine(new RootCommand(run)).addMixin("common", run.common());
        for (String name : NAMES.contains(first) ? List.of(first) : NAMES) {
            root.addSubcommand(name, command(name, run));
        }
        return root;
    }

    static PrintWriter writer(PrintStream stream) {
        return new PrintWriter(stream, true, StandardCharsets.UTF_8);
    }

    private static Object command(String name, Run run) {
        return switch (name) {
            case "demo" -> new DemoCommand(run);
            case "inspect" -> new InspectCommand(run);
            case "measure" -> new MeasureCommand(run);
            case "sign" -> new SignCommand(run);
            case "launch" -> new LaunchCommand(run);
            // What follows the program's name is the program's.
            case "run" -> new CommandLine(new RunCommand(run)).setStopAtPositional(true);
            case "serve" -> ServeCommand.of(run);
            case "host" ->
                new CommandLine(new HostCommand(run))
                        .addSubcommand("status", new HostStatusCommand(run))
                        .addSubcommand("enclaves", new HostEnclavesCommand(run))
                        .addSubcommand("cache", new HostCacheCommand(run))
                        .addSubcommand("launches", new HostLaunchesCommand(run))
                        .addSubcommand("metrics", new HostMetricsCommand(run))
                        .addSubcommand("backup", new HostBackupCommand(run))
                        .addSubcommand("restore", new HostRestoreCommand(run));
            case "fleet" ->
                new CommandLine(new FleetCommand(run))
                        .addSubcommand("status", new FleetStatusCommand(run))
                        .addSubcommand("audit", new FleetAuditCommand(run))
                        .addSubcommand("accept-rollback", new FleetAcceptRollbackCommand(run));
            case "console" -> new ConsoleCommand(run);
            case "token" ->
                new CommandLine(new TokenCommand(run))
                        .addSubcommand("show", new TokenShowCommand(run))
                        .addSubcommand("verify", new TokenVerifyCommand(run))
                        .addSubcommand("get", new TokenGetCommand(run))
                        .addSubcommand("pin", new TokenPinCommand(run))
                        .addSubcommand("expire", new TokenExpireCommand(run))
                        .addSubcommand("discard", new TokenDiscardCommand(run))
                        .addSubcommand("list", new TokenListCommand(run))
                        .addSubcommand("budget", new TokenBudgetCommand(run))
                        .addSubcommand("import", new TokenImportCommand(run))
                        .addSubcommand("export", new TokenExportCommand(run));
            case "policy" ->
                new CommandLine(new PolicyCommand(run))
                        .addSubcommand("check", new PolicyCheckCommand(run))
                        .addSubcommand("test", new PolicyTestCommand(run))
                        .addSubcommand("explain", new PolicyExplainCommand(run))
                        .addSubcommand("sign", new PolicySignCommand(run))
                        .addSubcommand("reload", new PolicyReloadCommand(run))
                        .addSubcommand("revoke", new PolicyRevokeCommand(run));
            case "audit" ->
                new CommandLine(new AuditCommand(run))
                        .addSubcommand("tail", new AuditTailCommand(run))
                        .addSubcommand("query", new AuditQueryCommand(run))
                        .addSubcommand("verify", new AuditVerifyCommand(run))
                        .addSubcommand("anchor", new AuditAnchorCommand(run))
                        .addSubcommand("export", new AuditExportCommand(run));
            case "platform" ->
                new CommandLine(new PlatformCommand(run))
                        .addSubcommand("show", new PlatformShowCommand(run))
                        .addSubcommand("new", new PlatformNewCommand(run))
                        .addSubcommand("set", new PlatformSetCommand(run));
            case "study" ->
                new CommandLine(new StudyCommand(run))
                        .addSubcommand("merge", new StudyMergeCommand(run))
                        .addSubcommand("calibrate", new StudyCalibrateCommand(run))
                        .addSubcommand("workloads", new StudyWorkloadsCommand(run))
                        .addSubcommand("generate", new StudyGenerateCommand(run));
            case "doctor" -> new DoctorCommand(run);
            default -> throw new IllegalArgumentException(name);
        };
    }
}
