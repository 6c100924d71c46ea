package jsgx.machine;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import jsgx.driver.DriverOptions;
import jsgx.driver.SgxDriver;
import jsgx.machine.MachineException.Kind;
import jsgx.machine.code.CodeLayout;
import jsgx.machine.code.CodePages;
import jsgx.machine.code.KernelVdso;
import jsgx.machine.code.VdsoAddresses;
import jsgx.machine.embedded.EmbeddedSgx;
import jsgx.machine.enclave.NativeCpuid;
import jsgx.machine.enclave.Vdso;
import jsgx.machine.event.EventSink;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.fast.FastSupervision;
import jsgx.machine.linux.Command;
import jsgx.machine.linux.Errors;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SeccompFilter;
import jsgx.machine.linux.StartException;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.program.FilteredCalls;
import jsgx.machine.program.Program;
import jsgx.machine.program.ProgramOptions;
import jsgx.machine.remote.RemoteSgx;
import jsgx.machine.remote.RunRequest;
import jsgx.machine.sgx.Sgx;
import jsgx.machine.traced.TracedSupervision;

/**
 * The machine on which a program finds SGX. Enclaves' code runs natively; what it executes of SGX, and what the program asks of the
 * devices, a driver and its processor serve.
 */
public final class Machine {

    private static final String DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
    /** arch_prctl: whether CPUID executes; setting it to what it is tells whether the processor can do otherwise. */
    private static final int ARCH_SET_CPUID = 0x1012;

    private static final String SHELL = "/bin/sh";

    private Machine() {}

    /** How a program is supervised with these options. */
    public static Supervision supervision(MachineOptions options) {
        Supervision wanted = options.supervision();
        // What runs strictly may enter no enclave without asking.
        return wanted == null || options.strict() ? Supervision.TRACED : wanted;
    }

    /** What a driver must be set up with to serve a program that is run with these options. */
    public static DriverOptions driver(DriverOptions defaults, MachineOptions options) {
        // A tracer serves one thread after the other: it cannot wait for a thread of the driver that waits for it.
        // Where threads are served at
        // once, programs would meet the -EAGAIN of pages that are just being written out more often than on a
        // processor's own kernel.
        return defaults.withSwapThread(false);
    }

    /**
     * Runs a program, with all processes that it makes, until the last one has ended. It gets the signals of the terminal; one that asks this process to end is handed on.
     *
     * @param command the program, looked for in PATH where its name has no slash, and its arguments
     * @param driver set up as {@link #driver} says
     * @param epc the EPC of the driver's processor package
     * @param events what is told of what happens
     * @return the exit status of the program's first process, or 128 and the signal that killed it
     */
    public static int run(
            List<String> command, MachineOptions options, SgxDriver driver, SharedEpc epc, EventSink events)
            throws MachineException {
        Command found = find(command, options);
        boolean fast = supervision(options) == Supervision.FAST;
        String obstacle = fast ? FastSupervision.obstacle() : null;
        if (obstacle != null) {
            throw new MachineException(Kind.FAILED, "programs can only be traced here: %s".formatted(obstacle));
        }
        KernelVdso kernel = KernelVdso.ofThisProcess();
        CodePages code = fast ? FastSupervision.code(kernel) : CodePages.of(kernel);
        SeccompFilter.Action action = fast ? SeccompFilter.Action.TRAP : SeccompFilter.Action.TRACE;
        try (Program program =
                        new Program(embedded(options, driver, code.vdso(), events), rules(options, action), events);
                Terminal terminal = Terminal.shared()) {
            Run supervision =
                    fast ? fast(program, code, epc, terminal) : traced(program, code, epc.descriptor(), terminal);
            return run(supervision, found);
        } catch (StartException e) {
            throw notStarted(found, e);
        } catch (LinuxException e) {
            throw notSupervised(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MachineException(Kind.FAILED, "interrupted");
        }
    }

    /**
     * The same on the processor of a daemon. The program is traced.
     *
     * @param daemon whose processor, driver and launch control serve it
     * @param reports is given what the daemon's launch control said of an INIT, on the thread that then tells the event
     */
    public static int run(
            List<String> command,
            MachineOptions options,
            RemoteDaemon daemon,
            Consumer<byte[]> reports,
            EventSink events)
            throws MachineException {
        Command found = find(command, options);
        if (options.supervision() == Supervision.FAST) {
            throw new MachineException(
                    Kind.FAILED,
                    "under a daemon programs are traced: the stub of a fast run would have to know its processor");
        }
        CodePages code = CodePages.of(KernelVdso.ofThisProcess());
        RemoteSgx sgx = remote(options, daemon, code.vdso(), reports, events);
        Thread caller = Thread.currentThread();
        AtomicBoolean over = new AtomicBoolean();
        try (Program program = new Program(sgx, rules(options, SeccompFilter.Action.TRACE), events);
                Terminal terminal = Terminal.shared()) {
            sgx.begin(() -> {
                if (!over.getAndSet(true)) {
                    caller.interrupt();
                }
            });
            try {
                return run(traced(program, code, sgx.epcDescriptor(), terminal), found);
            } finally {
                if (over.getAndSet(true)) {
                    // Whoever was interrupted for the daemon's end has noticed.
                    Thread.interrupted();
                }
            }
        } catch (StartException e) {
            throw notStarted(found, e);
        } catch (LinuxException e) {
            throw gone(sgx, daemon).orElseGet(() -> notSupervised(e));
        } catch (InterruptedException e) {
            throw gone(sgx, daemon).orElseGet(() -> {
                caller.interrupt();
                return new MachineException(Kind.FAILED, "interrupted");
            });
        } catch (RuntimeException e) {
            throw gone(sgx, daemon).orElseThrow(() -> e);
        }
    }

    private static Optional<MachineException> gone(RemoteSgx sgx, RemoteDaemon daemon) {
        return Optional.ofNullable(sgx.lost()).map(why -> {
            String said = daemon.farewell();
            return new MachineException(
                    Kind.FAILED,
                    said.isEmpty()
                            ? "the daemon is gone (%s), and with it the program's enclaves: the program was ended"
                                    .formatted(why)
                            : "the daemon has ended the run, and with it the program's enclaves: %s".formatted(said));
        });
    }

    private static RemoteSgx remote(
            MachineOptions options, RemoteDaemon daemon, VdsoAddresses vdso, Consumer<byte[]> reports, EventSink events)
            throws MachineException {
        Set<SgxEvent.Kind> wanted = EnumSet.allOf(SgxEvent.Kind.class);
        wanted.removeIf(kind -> !events.wants(kind));
        RemoteDaemon.Given given =
                daemon.ask(new RunRequest(options.interfaces(), wanted, options.strict(), vdso.enclu(), vdso.fixup()));
        try {
            return new RemoteSgx(given.welcome(), given.descriptors(), new NativeCpuid(), events, reports);
        } catch (LinuxException e) {
            given.descriptors().forEach(Linux::close);
            throw notSupervised(e);
        }
    }

    private static MachineException notSupervised(LinuxException e) {
        return new MachineException(Kind.FAILED, "the program cannot be supervised: %s".formatted(e.getMessage()));
    }

    /** Runs a program until no process of it is left. */
    @FunctionalInterface
    private interface Run {
        int run(Command command) throws StartException, LinuxException, InterruptedException;
    }

    private static Run fast(Program program, CodePages code, SharedEpc epc, Terminal terminal) {
        return command -> new FastSupervision(program, code, epc.descriptor(), terminal::began).run(command);
    }

    private static Run traced(Program program, CodePages code, int epcDescriptor, Terminal terminal) {
        // Calls that the tracer makes a thread execute are let through by the tracer. The agent has none, and could be
        // misused for others.
        SeccompFilter filter = new SeccompFilter(CodeLayout.AGENT, CodeLayout.STUB)
                .passOnly(SystemCall.MMAP, SystemCall.MPROTECT, SystemCall.MUNMAP);
        FilteredCalls.pick(filter, SeccompFilter.Action.TRACE);
        filter.pick(SystemCall.RT_SIGPROCMASK, SeccompFilter.Action.TRACE);
        return new TracedSupervision(program, code, epcDescriptor, filter.program(), terminal::began)::run;
    }

    private static int run(Run supervision, Command command)
            throws StartException, LinuxException, InterruptedException {
        try {
            return supervision.run(command);
        } catch (StartException e) {
            if (e.kind() != StartException.Kind.EXECUTE || e.errno() != Errors.ENOEXEC) {
                throw e;
            }
            // A script without interpreter is the shell's, as for execvp.
            List<String> arguments = new ArrayList<>(command.arguments());
            arguments.set(0, command.path());
            arguments.addFirst(SHELL);
            return supervision.run(
                    new Command(SHELL, arguments, command.environment(), command.directory(), command.streams()));
        }
    }

    private static Sgx embedded(MachineOptions options, SgxDriver driver, VdsoAddresses vdso, EventSink events)
            throws LinuxException {
        return new EmbeddedSgx(
                driver,
                options.interfaces(),
                options.launchEnclave(),
                options.strict(),
                new NativeCpuid(),
                new Vdso(vdso.enclu(), vdso.fixup()),
                events);
    }

    private static ProgramOptions rules(MachineOptions options, SeccompFilter.Action action) {
        return new ProgramOptions(
                options.workload(),
                options.hidden(),
                Linux.failed(Linux.call(SystemCall.ARCH_PRCTL, ARCH_SET_CPUID, 1)),
                action,
                options.strict());
    }

    private static Command find(List<String> command, MachineOptions options) throws MachineException {
        if (command.isEmpty() || command.getFirst().isEmpty()) {
            throw new MachineException(Kind.NOT_FOUND, "there is no program to run");
        }
        String name = command.getFirst();
        String path = name.contains("/") ? name : inPath(name, options);
        MachineOptions.Streams streams = options.streams();
        return new Command(
                path,
                command,
                options.environment(),
                options.directory(),
                List.of(streams.input(), streams.output(), streams.error()));
    }

    private static String inPath(String name, MachineOptions options) throws MachineException {
        String path = options.environment().getOrDefault("PATH", DEFAULT_PATH);
        String refused = "";
        for (String folder : path.split(File.pathSeparator, -1)) {
            Path file = options.directory().resolve(folder).resolve(name);
            if (Files.isExecutable(file) && Files.isRegularFile(file)) {
                return file.toString();
            }
            if (Files.isRegularFile(file)) {
                refused = file.toString();
            }
        }
        if (!refused.isEmpty()) {
            throw new MachineException(Kind.NOT_PERMITTED, "%s cannot be executed: no permission".formatted(refused));
        }
        throw new MachineException(Kind.NOT_FOUND, "%s: no such program in PATH".formatted(name));
    }

    private static MachineException notStarted(Command command, StartException e) {
        return switch (e.kind()) {
            case EXECUTE -> {
                boolean absent = e.errno() == Errors.ENOENT || e.errno() == Errors.ENOTDIR;
                yield new MachineException(
                        absent ? Kind.NOT_FOUND : Kind.NOT_PERMITTED,
                        "%s cannot be executed: %s".formatted(command.path(), e.getMessage()));
            }
            case TRACE ->
                new MachineException(
                        Kind.NOT_PERMITTED,
                        "ptrace is not permitted here, and a program cannot be run without it: in a container add"
                                + " --cap-add SYS_PTRACE or a seccomp profile that allows ptrace; elsewhere"
                                + " kernel.yama.ptrace_scope must be 0 or 1 (%s)".formatted(e.getMessage()));
            case PREPARE ->
                new MachineException(
                        Kind.FAILED, "%s cannot be supervised: %s".formatted(command.path(), e.getMessage()));
        };
    }
}
