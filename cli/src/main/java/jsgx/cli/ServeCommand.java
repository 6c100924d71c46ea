package jsgx.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import jsgx.host.Daemon;
import jsgx.host.config.HostOptions;
import jsgx.host.config.RunFolder;
import jsgx.host.service.HostException;
import jsgx.host.service.Service;
import jsgx.launch.LaunchException;
import jsgx.launch.Platform;
import jsgx.launch.governor.Workloads;
import jsgx.machine.MachineException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jsgx serve}. */
@Command(
        name = "serve",
        sortOptions = false,
        optionListHeading = "%n",
        customSynopsis = "jsgx serve [OPTION...]",
        description = "Be this host's processor, driver and launch authority for every workload on it, until SIGTERM.",
        footerHeading = "%nExample:%n",
        footer = "  jsgx serve --run-folder run")
final class ServeCommand extends Subcommand {

    /** The exit status of a process that SIGTERM ended. */
    private static final int ENDED_AT_ONCE = 128 + 15;

    @Option(
            names = "--run-folder",
            paramLabel = "FOLDER",
            description = "Where the sockets lie; $$JSGX_RUN, else /run/jsgx for root, else $$XDG_RUNTIME_DIR/jsgx.")
    private @Nullable String runFolder;

    @Option(
            names = "--aesm-socket",
            paramLabel = "PATH",
            description = "The AESM socket; /var/run/aesmd/aesm.socket for root, else aesm.socket in the run folder.")
    private @Nullable String aesmSocket;

    @Option(
            names = "--grace",
            paramLabel = "SECONDS",
            description = "How long launches in flight may take to finish at the end; 10.")
    private int grace = Math.toIntExact(Daemon.GRACE.toSeconds());

    /** What the process is asked to do. */
    private enum Request {
        STOP
    }

    ServeCommand(Run run) {
        super(run);
    }

    @Override
    int run() throws BadInput, LaunchException, MachineException {
        BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
        AtomicBoolean stopping = new AtomicBoolean();
        for (String signal : List.of("TERM", "INT")) {
            ProcessSignals.handle(signal, () -> {
                if (stopping.getAndSet(true)) {
                    Runtime.getRuntime().halt(ENDED_AT_ONCE);
                }
                requests.add(Request.STOP);
            });
        }
        try {
            Daemon daemon = Daemon.start(options(), surroundings.clock());
            report(daemon);
            while (requests.take() != Request.STOP) {}
            daemon.stop(Duration.ofSeconds(grace));
            return ExitStatus.DONE;
        } catch (HostException e) {
            throw new BadInput(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return ExitStatus.INTERNAL_FAULT;
        }
    }

    private HostOptions options() throws BadInput, LaunchException {
        boolean root = Workloads.ofThisProcess().name().equals("uid:0");
        Path state = Platforms.folder(surroundings);
        Path run = runFolder == null
                ? RunFolder.path(surroundings.environment(), state, root)
                : surroundings.file(runFolder).toAbsolutePath();
        HostOptions options = HostOptions.at(state, run, root);
        return aesmSocket == null
                ? options
                : options.withAesmSocket(surroundings.file(aesmSocket).toAbsolutePath());
    }

    private void report(Daemon daemon) {
        HostOptions options = daemon.options();
        Platform platform = daemon.host().context().running().platform();
        List<Screen.Fact> facts = new ArrayList<>();
        facts.add(
                new Screen.Fact("process", Long.toString(ProcessHandle.current().pid())));
        facts.add(new Screen.Fact("state", options.state().toString()));
        facts.add(new Screen.Fact("platform", platform.id() + ", EPC of " + Text.size(platform.epcBytes())));
        facts.add(new Screen.Fact("placement", options.placement().id()));
        facts.add(new Screen.Fact("sockets", options.runFolder().toString()));
        facts.add(new Screen.Fact(
                "services",
                String.join(
                        ", ",
                        daemon.host().services().stream().map(Service::name).toList())));
        screen().line("jsgx serves");
        screen().blank();
        screen().facts(facts);
        surroundings.out().flush();
    }
}
