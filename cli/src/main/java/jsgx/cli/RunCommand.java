package jsgx.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.host.client.HostFolder;
import jsgx.host.client.Wishes;
import jsgx.image.ImageException;
import jsgx.launch.Governance;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.RunningPlatform;
import jsgx.launch.governor.GovernorOptions;
import jsgx.launch.le.LaunchEnclave;
import jsgx.machine.Machine;
import jsgx.machine.MachineException;
import jsgx.machine.MachineOptions;
import jsgx.machine.SharedEpc;
import jsgx.machine.Supervision;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code jsgx run}. */
@Command(
        name = "run",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx run [OPTION...] [--] COMMAND [ARGUMENT...]",
        description = {
            "Run an unmodified program that expects SGX: device files, CPUID, the vDSO's function and ENCLU are there.",
            "Standard output is the program's; what jsgx has to say goes to standard error."
        },
        footerHeading =
                "%nExit status: the program's; 128 and the number of the signal that ended it; 125 where jsgx failed or"
                        + "%nwas used wrongly, 126 where the program or ptrace is not permitted, 127 where there is no such program."
                        + "%n%nExamples:%n",
        footer = {
            "  jsgx run -- true",
            "  jsgx run --stats -- sh -c true",
            "  jsgx run --trace --trace-events open,ioctl -- cat /dev/sgx_enclave",
            "  jsgx run --epc 128MiB --placement kernel --json --stats -- true"
        })
final class RunCommand extends Subcommand {

    /** What a user says of a processor of his own. */
    private static final List<String> OF_THE_DAEMON =
            List.of("--epc", "--token-extension", "--audit-durability", "--native-le", "--le", "--le-sigstruct");

    @Parameters(paramLabel = "COMMAND", arity = "1..*", description = "The program, and its arguments.")
    private List<String> command = List.of();

    @Option(
            order = 10,
            names = "--epc",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description = "The EPC's size for this run, for example 64M; the platform's.")
    private @Nullable Long epc;

    @Option(
            order = 11,
            names = "--interfaces",
            paramLabel = "LIST",
            split = ",",
            converter = Interfaces.class,
            description = "Whose device files there are: mainline, v5, isgx; all.")
    private List<InterfaceKind> interfaces = List.of();

    @Option(
            order = 12,
            names = "--supervision",
            paramLabel = "fast|traced|auto",
            converter = Supervisions.class,
            description =
                    "How the program is supervised: by a stub in it, by a tracer, or auto, the default: what works best here.")
    private Choice supervision = Choice.AUTO;

    @Option(
            order = 13,
            names = "--strict",
            description = "Close what native execution leaves open, where it can be closed at a price: with a tracer.")
    private boolean strict;

    @Mixin
    private TraceOptions trace = new TraceOptions();

    @Mixin
    private ControlOptions control = new ControlOptions();

    @Mixin
    private LaunchEnclaveOptions launchEnclave = new LaunchEnclaveOptions();

    @Spec
    private CommandSpec spec;

    /** What {@code --supervision} says. */
    enum Choice {
        FAST,
        TRACED,
        AUTO;

        @Nullable
        Supervision supervision() {
            return switch (this) {
                case FAST -> Supervision.FAST;
                case TRACED -> Supervision.TRACED;
                case AUTO -> null;
            };
        }
    }

    RunCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, ImageException, LaunchException, MachineException, IOException {
        check();
        Optional<HostFolder> daemon = HostFolder.find(surroundings.environment());
        Ended ended = daemon.isPresent() ? run(daemon.get()) : embedded();
        if (trace.statistics()) {
            if (json()) {
                surroundings.err().println(ended.summary().json().line());
            } else {
                ended.summary().show(screen(surroundings.err()));
            }
        }
        return ended.status();
    }

    private Ended embedded() throws BadInput, ImageException, LaunchException, MachineException, IOException {
        Optional<LaunchEnclave> other = launchEnclave.other(surroundings);
        Platform own = Platforms.own(surroundings);
        Platform platform = epc == null ? own : own.withEpc(epc);
        @Nullable Ended ended = null;
        try (PrintStream told = traceStream();
                Governance governance = control.open(surroundings);
                SharedEpc shared = SharedEpc.allocate(platform.epcSections())) {
            GovernorOptions rules = control.governor(governance.options(), surroundings);
            ended = run(platform, rules, other, shared, told);
        } catch (LaunchException e) {
            if (ended == null) {
                throw e;
            }
            // The program has run; what its trail or revision could not do at the end changes nothing of that.
            surroundings.err().println("jsgx: warning: " + Text.printable(String.valueOf(e.getMessage())));
        }
        return ended;
    }

    /** On the processor of a daemon, by whose launch control it goes. */
    private Ended run(HostFolder daemon) throws BadInput, LaunchException, MachineException, IOException {
        for (String option : OF_THE_DAEMON) {
            if (isGiven(option)) {
                throw wrong(
                        option + " is for the daemon at "
                                + Text.printable(daemon.path().toString())
                                + " to say, whose processor this is: leave it away, or run without a daemon with JSGX_RUN=none");
            }
        }
        if (supervision == Choice.FAST) {
            throw wrong("--supervision fast is not for a run under a daemon, which has the processor: leave it away,"
                    + " or run without a daemon with JSGX_RUN=none");
        }
        Wishes wishes = control.wishes(isGiven("--placement"), surroundings);
        RunEvents.Style style = new RunEvents.Style(json(), this::screen, ZoneId.systemDefault());
        long start = System.nanoTime();
        try (PrintStream told = traceStream();
                DaemonRuns runs = new DaemonRuns(daemon, wishes)) {
            RunEvents events = new RunEvents(trace, surroundings.clock(), style, told, surroundings.err());
            events.connect(runs::report);
            int status;
            try (events) {
                status = Machine.run(command, options(), runs, runs::said, events);
            }
            long nanos = System.nanoTime() - start;
            return new Ended(
                    status,
                    new RunSummary(
                            events.statistics(), events.tokens(), events.refused(), nanos, RunSummary.OF_A_DAEMON));
        }
    }

    private boolean isGiven(String option) {
        return spec.commandLine().getParseResult().hasMatchedOption(option);
    }

    /** How a run ended. */
    private record Ended(int status, RunSummary summary) {}

    private Ended run(
            Platform platform, GovernorOptions rules, Optional<LaunchEnclave> other, SharedEpc shared, PrintStream told)
            throws BadInput, LaunchException, MachineException {
        SecureRandom random = new SecureRandom();
        MachineOptions options = options();
        RunEvents.Style style = new RunEvents.Style(json(), this::screen, ZoneId.systemDefault());
        RunEvents events = new RunEvents(trace, surroundings.clock(), style, told, surroundings.err());
        RunningPlatform running = RunningPlatform.of(
                platform,
                rules,
                platform.powerOn(random, shared.epc()),
                launchEnclave.runner(shared, random),
                defaults -> Machine.driver(control.driver(defaults), options)
                        .withVirtualization(false)
                        .withPaging(events::moved));
        other.ifPresent(running.authority()::rotate);
        events.connect(running.initReports());
        long start = System.nanoTime();
        int status;
        try (running;
                events) {
            status = Machine.run(command, options, running.driver(), shared, events);
        }
        long nanos = System.nanoTime() - start;
        SgxDriver driver = running.driver();
        RunSummary summary = new RunSummary(
                events.statistics(),
                events.tokens(),
                events.refused(),
                nanos,
                driver.totalPages() - (long) driver.freePages());
        return new Ended(status, summary);
    }

    private MachineOptions options() throws BadInput, LaunchException {
        Path state = Platforms.folder(surroundings).toAbsolutePath();
        MachineOptions options = MachineOptions.defaults()
                .withSupervision(supervision.supervision())
                .withStrict(strict)
                .withInterfaces(interfaces())
                .withHidden(state)
                .withEnvironment(surroundings.environment())
                .withDirectory(surroundings.directory().toAbsolutePath());
        return control.namesWorkload() ? options.withWorkload(control.workload()) : options;
    }

    private Set<InterfaceKind> interfaces() {
        return interfaces.isEmpty() ? EnumSet.allOf(InterfaceKind.class) : EnumSet.copyOf(interfaces);
    }

    private void check() {
        if (control.placement().inUserSpace()) {
            throw wrong("--placement " + control.placement().id()
                    + " is not for a run: the program itself is user space, and keeps what tokens it likes; expected none or"
                    + " kernel");
        }
        if (strict && supervision == Choice.FAST) {
            throw wrong("--strict takes a tracer: leave --supervision fast away");
        }
        for (String contradiction : List.of(trace.contradiction(), launchEnclave.contradiction())) {
            if (!contradiction.isEmpty()) {
                throw wrong(contradiction);
            }
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }

    /** Where lines of the trace go; its close leaves standard error open. */
    private PrintStream traceStream() throws BadInput, IOException {
        OutputStream stream = trace.file().isEmpty()
                ? new Unclosed(surroundings.err())
                : Files.newOutputStream(surroundings.file(trace.file()));
        return new PrintStream(stream, false, StandardCharsets.UTF_8);
    }

    /** A stream that somebody else closes. */
    private static final class Unclosed extends OutputStream {

        private final OutputStream stream;

        Unclosed(OutputStream stream) {
            this.stream = stream;
        }

        @Override
        public void write(int b) throws IOException {
            stream.write(b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            stream.write(bytes, offset, length);
        }

        @Override
        public void flush() throws IOException {
            stream.flush();
        }
    }

    static final class Supervisions implements ITypeConverter<Choice> {
        @Override
        public Choice convert(String text) {
            return Arrays.stream(Choice.values())
                    .filter(choice -> choice.name().toLowerCase(Locale.ROOT).equals(text))
                    .findFirst()
                    .orElseThrow(() -> new TypeConversionException(
                            "there is no supervision \"" + Text.printable(text) + "\": expected fast, traced or auto"));
        }
    }
}
