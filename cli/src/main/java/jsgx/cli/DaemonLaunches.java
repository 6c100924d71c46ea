package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;

/** Launches on the processor of a daemon, by whose launch control they go. */
final class DaemonLaunches {

    /** Much longer than a launch takes, also of those before it. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final HostFolder folder;

    DaemonLaunches(HostFolder folder) {
        this.folder = folder;
    }

    LaunchAnswer.Launched launch(LaunchCall call) throws BadInput, LaunchException {
        try {
            return LaunchAnswer.launched(ask(Greeting.Purpose.LAUNCH, call));
        } catch (IOException e) {
            throw unanswered(e);
        }
    }

    LaunchAnswer.Judged judge(LaunchCall call) throws BadInput, LaunchException {
        try {
            return LaunchAnswer.judged(ask(Greeting.Purpose.JUDGE, call));
        } catch (IOException e) {
            throw unanswered(e);
        }
    }

    private byte[] ask(Greeting.Purpose purpose, LaunchCall call) throws BadInput, IOException {
        try (MemoryFile file = call.write();
                UnixConnection connection = Greeting.connect(folder)) {
            Greeting.Request request = new Greeting.Request(purpose, new byte[0], List.of(file.descriptor()));
            return Greeting.ask(connection, request, Deadline.in(PATIENCE)).content();
        } catch (HostException e) {
            throw new BadInput(Text.printable(String.valueOf(e.getMessage())));
        }
    }

    private LaunchException unanswered(IOException e) {
        return new LaunchException(
                "the daemon at %s does not answer: %s".formatted(folder.driverSocket(), e.getMessage()), e);
    }
}
