package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.client.Wishes;
import jsgx.host.service.HostException;
import jsgx.launch.InitReport;
import jsgx.machine.MachineException;
import jsgx.machine.RemoteDaemon;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.remote.RunRequest;
import org.jspecify.annotations.Nullable;

/** A daemon's driver socket, for one run. */
final class DaemonRuns implements RemoteDaemon, AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration FAREWELL = Duration.ofSeconds(1);

    /** What was said of the INIT that is told next. */
    private static final ThreadLocal<@Nullable InitReport> LAST = new ThreadLocal<>();

    private final HostFolder folder;
    private final Wishes wishes;
    private @Nullable UnixConnection connection;

    DaemonRuns(HostFolder folder, Wishes wishes) {
        this.folder = folder;
        this.wishes = wishes;
    }

    @Override
    public Given ask(RunRequest request) throws MachineException {
        try {
            UnixConnection made = Greeting.connect(folder);
            connection = made;
            Greeting.Answer answer = ask(made, request);
            return new Given(answer.content(), answer.descriptors());
        } catch (HostException e) {
            throw failed(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            throw failed("the daemon at %s does not answer: %s".formatted(folder.driverSocket(), e.getMessage()));
        }
    }

    private Greeting.Answer ask(UnixConnection made, RunRequest request) throws HostException, IOException {
        Deadline deadline = Deadline.in(PATIENCE);
        if (wishes.equals(Wishes.NONE)) {
            return Greeting.ask(made, new Greeting.Request(Greeting.Purpose.RUN, request.encode()), deadline);
        }
        try (MemoryFile said = wishes.write()) {
            return Greeting.ask(
                    made,
                    new Greeting.Request(Greeting.Purpose.RUN, request.encode(), List.of(said.descriptor())),
                    deadline);
        }
    }

    @Override
    public String farewell() {
        UnixConnection made = connection;
        return made == null ? "" : Greeting.farewell(made, Deadline.in(FAREWELL));
    }

    private static MachineException failed(String message) {
        return new MachineException(MachineException.Kind.FAILED, message);
    }

    /** What the daemon's launch control said of the INIT that is told next on this thread. */
    void said(byte[] report) {
        LAST.set(InitReport.decode(report));
    }

    /** The same, when it is told. */
    InitReport report(SgxEvent.Ioctl init) {
        InitReport report = Objects.requireNonNull(LAST.get(), "the daemon reports each INIT");
        LAST.remove();
        return report;
    }

    @Override
    public void close() {
        UnixConnection made = connection;
        if (made != null) {
            made.close();
        }
    }
}
