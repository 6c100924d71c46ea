package jsgx.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import jsgx.host.client.Greeting;
import jsgx.host.client.HostFolder;
import jsgx.host.client.LaunchAnswer;
import jsgx.host.client.LaunchCall;
import jsgx.host.client.TokenAnswer;
import jsgx.host.service.HostException;
import jsgx.launch.LaunchException;
import jsgx.launch.token.TokenIdentity;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;

/** Launches on the processor of a daemon, and tokens for it, by whose launch control they go. */
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

    /** A token of the daemon's launch enclave, for an enclave that it need not see. */
    TokenAnswer token(TokenIdentity identity) throws IOException {
        try {
            return TokenAnswer.read(ask(new Greeting.Request(Greeting.Purpose.TOKEN, TokenAnswer.write(identity))));
        } catch (BadInput e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new IOException(silent(e), e);
        }
    }

    private byte[] ask(Greeting.Purpose purpose, LaunchCall call) throws BadInput, IOException {
        try (MemoryFile file = call.write()) {
            return ask(new Greeting.Request(purpose, new byte[0], List.of(file.descriptor())));
        }
    }

    private byte[] ask(Greeting.Request request) throws BadInput, IOException {
        try (UnixConnection connection = Greeting.connect(folder)) {
            return Greeting.ask(connection, request, Deadline.in(PATIENCE)).content();
        } catch (HostException e) {
            throw new BadInput(Text.printable(String.valueOf(e.getMessage())));
        }
    }

    private LaunchException unanswered(IOException e) {
        return new LaunchException(silent(e), e);
    }

    private String silent(IOException e) {
        return "the daemon at %s does not answer: %s".formatted(folder.driverSocket(), e.getMessage());
    }
}
