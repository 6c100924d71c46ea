package jsgx.host.session;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import jsgx.driver.InterfaceKind;
import jsgx.driver.PagingListener;
import jsgx.host.client.Greeting;
import jsgx.host.client.LaunchCall;
import jsgx.host.client.Wishes;
import jsgx.host.feed.LaunchFeed;
import jsgx.host.peer.Peer;
import jsgx.host.service.HostContext;
import jsgx.host.service.HostException;
import jsgx.launch.InitReports;
import jsgx.machine.MachineException;
import jsgx.machine.SharedEpc;
import jsgx.machine.event.SgxEvent;
import jsgx.machine.linux.Deadline;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.MemoryFile;
import jsgx.machine.linux.UnixConnection;
import jsgx.machine.remote.RemoteServer;
import jsgx.machine.remote.RemoteSession;
import jsgx.machine.remote.RunRequest;
import org.jspecify.annotations.Nullable;

/** One front end that is connected: what it asks for on its connection, and the processor that it gets. All of that ends with the connection. */
final class FrontEnd {

    private static final System.Logger LOG = System.getLogger("jsgx.host.session");

    private static final Duration ANSWER = Duration.ofSeconds(5);

    /** The kernel takes these few bytes at once, unless nobody reads. */
    private static final Duration FAREWELL = Duration.ofMillis(100);

    private final HostContext context;
    private final Claims claims;
    private final Launches launches;
    private final Tokens tokens;
    private final Admission admission;
    private final Peer peer;
    private final Places.Share share;
    private final UnixConnection connection;
    private final BooleanSupplier stopping;

    /** Whether something was begun for the client whose answer is not sent yet. */
    private volatile boolean answering;

    /**
     * @param share what all front ends of the peer's user have
     * @param stopping whether the host ends: nothing is begun any more
     */
    FrontEnd(
            HostContext context,
            Claims claims,
            Launches launches,
            Admission admission,
            Peer peer,
            Places.Share share,
            UnixConnection connection,
            BooleanSupplier stopping) {
        this.context = context;
        this.claims = claims;
        this.launches = launches;
        this.tokens = new Tokens(context);
        this.admission = admission;
        this.peer = peer;
        this.share = share;
        this.connection = connection;
        this.stopping = stopping;
    }

    /** Serves it until it is gone. */
    void serve(Duration firstWords) throws HostException, IOException {
        Greeting.Request request = Greeting.read(connection, Deadline.in(firstWords));
        try {
            switch (request.purpose()) {
                case RUN -> run(request);
                case LAUNCH -> launch(request, launches::launch);
                case JUDGE -> launch(request, launches::judge);
                case TOKEN -> answer(done(() -> tokens.issue(request.content(), peer)));
            }
        } finally {
            answering = false;
            close(request);
        }
    }

    /** Whether it has begun what its client waits for: the client is to hear how that went. */
    boolean isAnswering() {
        return answering;
    }

    private static void close(Greeting.Request request) {
        request.descriptors().forEach(Linux::close);
        request.descriptors().clear();
    }

    /** What is done with a memory file of so many bytes. */
    private interface Launching {
        byte[] done(int descriptor, long bytes, Peer peer) throws HostException, IOException;
    }

    /** Answers what comes in a memory file: nothing of it is read before there is memory for all of it. */
    private void launch(Greeting.Request request, Launching launching) throws HostException, IOException {
        int descriptor = file(request);
        long bytes;
        try {
            bytes = LaunchCall.bytes(descriptor);
        } catch (IOException e) {
            throw senseless(e);
        }
        answer(share.launches()
                .call(LaunchCall.memory(bytes), () -> done(() -> launching.done(descriptor, bytes, peer))));
    }

    /** The memory file that a launch comes in. */
    private static int file(Greeting.Request request) throws HostException {
        if (request.descriptors().size() != 1) {
            throw new HostException("a launch comes in one memory file, not in "
                    + request.descriptors().size());
        }
        return request.descriptors().getFirst();
    }

    /** Does what a client asks for, when it is its workload's turn. */
    private <T> T done(Callable<T> work) throws HostException {
        FutureTask<T> task = new FutureTask<>(() -> {
            // It may have waited for long.
            checkWanted();
            return work.call();
        });
        try (Admission.Pass pass = admission.pass(peer.workload())) {
            pass.run(() -> {
                answering = true;
                LaunchFeed.calledBy(peer.pid(), task);
            });
        }
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw switch (e.getCause()) {
                case HostException refused -> refused;
                case IOException senseless -> senseless(senseless);
                case null, default -> new HostException("what the client asks for failed: " + e.getCause(), e);
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("interrupted", e);
        }
    }

    private void checkWanted() throws HostException {
        if (stopping.getAsBoolean() || connection.isClosed()) {
            throw new HostException("this host is being stopped");
        }
        try {
            connection.read(new byte[1], 0, 1, Deadline.in(Duration.ZERO));
            throw new HostException("the client is gone, or says more than it may");
        } catch (SocketTimeoutException e) {
            // It waits for its answer.
        } catch (IOException e) {
            throw new HostException("the client is gone: " + e.getMessage(), e);
        }
    }

    private static HostException senseless(IOException e) {
        return new HostException("what the client asks for makes no sense: " + e.getMessage(), e);
    }

    private void answer(byte[] content) throws IOException {
        Greeting.accept(connection, content, List.of(), Deadline.in(ANSWER));
    }

    private void run(Greeting.Request words) throws HostException, IOException {
        share.checkPatience();
        RunRequest request;
        Claims.Granted granted;
        try {
            request = RunRequest.decode(words.content());
            granted = granted(words.descriptors());
            // A run is none of what the end of the host waits for.
            answering = false;
            // What came with them would stay open as long as the run.
            close(words);
        } catch (IllegalArgumentException e) {
            throw new HostException(String.valueOf(e.getMessage()), e);
        }
        try (Admission.Pass pass = admission.pass(peer.workload());
                SharedEpc.Part part = context.epc().part(peer.uid())) {
            RemoteServer server = new RemoteServer(request, session(part, pass, granted));
            PagingListener moves = server::moved;
            context.epc().tell(moves);
            @Nullable Thread serving = null;
            try {
                Greeting.accept(connection, server.welcome(), server.descriptors(), Deadline.in(ANSWER));
                serving = Thread.ofPlatform().daemon().name("jsgx-session").start(() -> serve(server));
                awaitEnd();
            } finally {
                try {
                    server.close();
                    if (serving == null) {
                        // Nobody speaks: it releases what it has, and returns.
                        server.serve();
                    } else {
                        join(serving);
                    }
                } finally {
                    context.epc().forget(moves);
                }
            }
        } catch (MachineException | LinuxException e) {
            throw new HostException("this host has no room for another session: " + e.getMessage(), e);
        }
    }

    private RemoteSession session(SharedEpc.Part part, Admission.Pass pass, Claims.Granted granted) {
        InitReports reports = context.running().initReports();
        return new RemoteSession(
                context.running().driver(),
                part.descriptor(),
                part::show,
                interfaces(),
                granted.workload(),
                init -> report(reports, init),
                call -> pass.run(() -> LaunchFeed.calledBy(peer.pid(), () -> granted.run(call))),
                share.allowance());
    }

    /** What holds for its program's launches by what a front end says of them in a memory file; nothing is said where there is none. */
    private Claims.Granted granted(List<Integer> descriptors) throws HostException, IOException {
        if (descriptors.isEmpty()) {
            return claims.check(Wishes.NONE, peer);
        }
        if (descriptors.size() > 1) {
            throw new HostException("a run comes with one memory file at most, not with " + descriptors.size());
        }
        int descriptor = descriptors.getFirst();
        long bytes;
        try {
            bytes = MemoryFile.size(descriptor);
        } catch (LinuxException e) {
            throw senseless(e);
        }
        // To parse a policy is work as a launch is.
        return share.launches()
                .call(Wishes.memory(bytes), () -> done(() -> claims.check(Wishes.read(descriptor), peer)));
    }

    private static Set<InterfaceKind> interfaces() {
        return EnumSet.allOf(InterfaceKind.class);
    }

    private static byte[] report(InitReports reports, SgxEvent.Ioctl init) {
        return reports.take(
                        kind(init.path()),
                        init.result(),
                        Optional.ofNullable(init.outcome()),
                        Optional.ofNullable(init.refusal()))
                .encode();
    }

    private static InterfaceKind kind(String path) {
        return switch (path) {
            case "/dev/isgx" -> InterfaceKind.ISGX;
            case "/dev/sgx" -> InterfaceKind.V5;
            default -> InterfaceKind.MAINLINE;
        };
    }

    private void serve(RemoteServer server) {
        try {
            String why = server.serve();
            LOG.log(System.Logger.Level.DEBUG, "the session of process {0} ended: {1}", peer.pid(), why);
            Greeting.refuse(connection, why, Deadline.in(FAREWELL));
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "process {0} does not hear it: {1}", peer.pid(), e.getMessage());
        } catch (RuntimeException | Error e) {
            LOG.log(System.Logger.Level.ERROR, "what the session of process " + peer.pid() + " had is not released", e);
        } finally {
            // It would have a place for as long as the client stays connected.
            connection.close();
        }
    }

    private void awaitEnd() {
        byte[] byteOfNoMeaning = new byte[1];
        try {
            connection.read(byteOfNoMeaning, 0, 1, Deadline.NEVER);
        } catch (IOException e) {
            // It is gone, or is being sent away.
        }
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends it away; any thread may do so. */
    void close() {
        connection.close();
    }
}
