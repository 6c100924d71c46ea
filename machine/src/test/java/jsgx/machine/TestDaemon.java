package jsgx.machine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import jsgx.driver.InterfaceKind;
import jsgx.driver.SgxDriver;
import jsgx.driver.Workload;
import jsgx.machine.linux.Linux;
import jsgx.machine.linux.LinuxException;
import jsgx.machine.linux.SystemCall;
import jsgx.machine.remote.Allowance;
import jsgx.machine.remote.RemoteServer;
import jsgx.machine.remote.RemoteSession;
import jsgx.machine.remote.RunRequest;

/** A daemon of one session, in this process. */
final class TestDaemon implements RemoteDaemon {

    private final SgxDriver driver;
    private final SharedEpc epc;
    private final CompletableFuture<RemoteServer> begun = new CompletableFuture<>();
    private final CompletableFuture<String> ended = new CompletableFuture<>();

    TestDaemon(SgxDriver driver, SharedEpc epc) {
        this.driver = driver;
        this.epc = epc;
    }

    @Override
    public Given ask(RunRequest request) throws MachineException {
        try {
            RemoteServer server = new RemoteServer(
                    RunRequest.decode(request.encode()),
                    new RemoteSession(
                            driver,
                            epc.descriptor(),
                            page -> true,
                            EnumSet.allOf(InterfaceKind.class),
                            new Workload("uid:0"),
                            init -> new byte[] {1},
                            new Allowance(Allowance.Limits.DEFAULT, Duration.ofSeconds(20))));
            List<Integer> descriptors = new ArrayList<>();
            for (int descriptor : server.descriptors()) {
                descriptors.add((int) Linux.check("dup", Linux.call(SystemCall.DUP, descriptor)));
            }
            byte[] welcome = server.welcome();
            begun.complete(server);
            Thread.ofPlatform().daemon().start(() -> ended.complete(server.serve()));
            return new Given(welcome, descriptors);
        } catch (LinuxException e) {
            throw new MachineException(MachineException.Kind.FAILED, String.valueOf(e.getMessage()));
        }
    }

    /** Ends the session as the daemon's end does, once it has begun. */
    void end() {
        begun.join().close();
    }

    /** Waits for the end of the session: why it ended. */
    String ended() {
        try {
            return ended.get(30, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the session did not end", e);
        }
    }
}
